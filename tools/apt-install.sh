#!/bin/sh
# Installs Debian packages without letting them start services of their own: apt-install.sh PACKAGE...
set -u
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    # Refuses only while this script runs, so that nothing stays forbidden if the power goes.
    printf '#!/bin/sh\n# Written by Flotilla while it installs packages.\nkill -0 %s 2>/dev/null && exit 101\nexit 0\n' $$ >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt() {
    DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
        apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
apt install --no-install-recommends "$@" && exit 0
# The lists of a fresh machine are old or absent.
apt update
apt install --no-install-recommends "$@"
