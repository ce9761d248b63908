#!/bin/sh
# Source tests read from real servers, and the power cut test compiles a few lines of C. Where PostgreSQL, MariaDB or a C
# compiler is missing and we may install Debian's, do so; else say it.
missing=""
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="postgresql"
PATH="$PATH:/usr/sbin"
for one in mariadbd mariadb-install-db my_print_defaults; do
  command -v $one >/dev/null 2>&1 || { missing="$missing mariadb-server-core mariadb-client-core"; break; }
done
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then run=""; elif sudo -n true 2>/dev/null; then run="sudo -n"; else
  echo "missing: $missing; tests that need them will be skipped. Hint: sudo apt-get install $missing"; exit 0
fi
command -v apt-get >/dev/null 2>&1 || exit 0
# The tests start servers of their own: Debian's package need not start one on the usual port.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  $run mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" | $run tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
$run apt-get update -qq && DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends \
  -o Dpkg::Options::=--force-confold $missing >/dev/null
