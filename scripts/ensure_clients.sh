#!/bin/sh
# Contract tests run real client libraries. Those for Node are installed here, as tests/contract/package-lock.json locks them.
# Without Node their tests are skipped; with GELEIT_REQUIRE_CLIENTS set that is an error.
cd "$(dirname "$0")/../tests/contract" || exit 1
missing() {
  echo "$1; tests with clients for Node will be skipped. Hint: $2"
  [ -z "$GELEIT_REQUIRE_CLIENTS" ]; exit
}
if ! command -v npm >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ]; then run=""; elif sudo -n true 2>/dev/null; then run="sudo -n"; else
    missing "npm is missing" "sudo apt-get install nodejs npm"
  fi
  command -v apt-get >/dev/null 2>&1 || missing "npm is missing" "install Node 20 or newer"
  $run apt-get update -qq && DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends nodejs npm \
    >/dev/null || missing "npm cannot be installed" "install Node 20 or newer"
fi
[ node_modules/.package-lock.json -nt package-lock.json ] && exit 0
said=$(npm ci --prefer-offline 2>&1) || { echo "$said" >&2; missing "npm cannot install the clients" "npm ci in tests/contract"; }
