#!/bin/sh
# Page tests look through a real browser. Where Chromium is missing and we may install Debian's, do so; else say it.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ]; then run=""; elif sudo -n true 2>/dev/null; then run="sudo -n"; else
  echo "chromium is missing: page tests will be skipped. Hint: sudo apt-get install chromium"; exit 0
fi
command -v apt-get >/dev/null 2>&1 || exit 0
$run apt-get update -qq && DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends chromium >/dev/null
