#!/usr/bin/env bash
# Proves that a machine with nothing but git can be set up: makes a minimal system in a folder, clones this
# repository into it, runs a command there with an empty cache, and says how long it took. Run by hand.
# Usage: tests/install/bare_machine.sh FOLDER [COMMAND...]     (root, debootstrap; default: containers/setup.sh)
#   e.g. tests/install/bare_machine.sh /var/tmp/bare ./jobs/quickstart.sh
# Environment: BARE_SUITE (bookworm), BARE_MIRROR (the one of this machine), BARE_COMPONENTS (main; Ubuntu: main,universe),
#   BARE_KEEP=yes leaves the folder for a second look.
# The clone holds what is committed. This machine's apt, pip and certificate settings are taken along.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# //p' "${BASH_SOURCE[0]}"; exit 2; }
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$1"; tree=$(realpath "$1"); shift
[ $# -gt 0 ] || set -- containers/setup.sh
suite=${BARE_SUITE:-bookworm}

this_mirror() {
    awk '/^deb /{print $2; exit} /^URIs:/{print $2; exit}' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null
}

make_tree() {
    debootstrap --variant=minbase --include=git ${BARE_COMPONENTS:+--components="$BARE_COMPONENTS"} "$suite" "$tree" "${BARE_MIRROR:-$(this_mirror)}" >"$tree.log" ||
        { tail -n 5 "$tree.log"; exit 4; }
    cp /etc/resolv.conf /etc/hosts "$tree/etc/"
    if [ -z "${BARE_MIRROR:-}" ]; then cp /etc/apt/sources.list.d/*.sources "$tree/etc/apt/sources.list.d/" 2>/dev/null || true; fi
    cp /etc/pip.conf "$tree/etc/" 2>/dev/null || true
    mkdir -p "$tree/usr/local/share/ca-certificates"
    cp /usr/local/share/ca-certificates/*.crt "$tree/usr/local/share/ca-certificates/" 2>/dev/null || true
    git clone --quiet --no-hardlinks "$repository" "$tree/root/tessera"
}

# Own mounts, gone with the last process; no variable of this shell but the index and proxy settings.
inside() {
    local -a kept; mapfile -t kept < <(env | grep -iE '^(pip_(index_url|extra_index_url|trusted_host)|https?_proxy|no_proxy)=' || true)
    # shellcheck disable=SC2016 # expanded inside
    unshare --mount --fork bash -c '
        mount --bind /proc "$0/proc"; mount --rbind /dev "$0/dev"; mount -t tmpfs tmpfs "$0/tmp"
        exec chroot "$@"' "$tree" "$tree" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${kept[@]}" bash -c 'cd /root/tessera && exec "$@"' _ "$@"
}

timed() {
    local start=$SECONDS code=0
    inside "$@" </dev/null || code=$?
    printf '%s: %d s, exit code %d\n' "$*" $((SECONDS - start)) "$code"
    return "$code"
}

if [ "${BARE_KEEP:-}" != yes ]; then trap 'rm -rf --one-file-system "$tree"' EXIT; fi
[ -x "$tree/usr/bin/git" ] || make_tree
timed "$@"
timed "$@"   # nothing is missing now
