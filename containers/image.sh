#!/usr/bin/env bash
# What happens inside an image while it is built; cpu.def, cuda.def and Dockerfile all call this.
# Usage: image.sh build [--cuda]   from the sources in /src into /opt/tessera, unless a tree lies there already
#        image.sh finish           the packages that the programs need, and nothing of what built them
#        image.sh labels           "name value" lines: the versions of all that matters
#        image.sh test             does the image work? (%test)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=containers/versions.env
. "$here/versions.env"
export DEBIAN_FRONTEND=noninteractive

install() {
    apt-get -qq update
    # shellcheck disable=SC2086 # a list of names
    apt-get -qq -y --no-install-recommends install $1 >/dev/null
}

build() {
    if [ -x /opt/tessera/bin/tessera ]; then return; fi
    local options=(-DTESSERA_TESTS=OFF)
    export XDG_CACHE_HOME=/var/cache
    install "sudo git ca-certificates"
    if [ "${1:-}" = --cuda ]; then
        "$here/setup.sh" --gpu
        mv "/var/cache/tessera/libtorch-$LIBTORCH_VERSION-cuda" /opt/libtorch   # where the programs look for it
        options+=(-DTESSERA_CUDA=ON -DTESSERA_LIBTORCH=/opt/libtorch)
    else
        "$here/setup.sh"
    fi
    cmake -S /src -B /build -G Ninja "${options[@]}"
    cmake --build /build
    cmake --install /build --prefix /opt/tessera --strip
    rm -rf /opt/libtorch/torch/include /opt/libtorch/nvidia/*/include
}

finish() {
    install "$PACKAGES_IMAGE"
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
    local programs=(/opt/tessera/bin/*)
    if { ldd "${programs[@]}" 2>/dev/null || true; } | grep 'not found'; then   # ldd fails for scripts
        echo "image: the libraries above are missing in PACKAGES_IMAGE (versions.env)" >&2
        exit 4
    fi
}

version_of() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo none; }

labels() {
    echo "org.opencontainers.image.title tessera"
    echo "org.opencontainers.image.version $(/opt/tessera/bin/tessera version | head -n 1 | cut -d' ' -f2)"
    echo "tessera.revision $(/opt/tessera/bin/tessera version | head -n 1 | cut -d' ' -f3)"
    echo "tessera.libtorch $LIBTORCH_VERSION"
    echo "tessera.openmpi $(version_of openmpi-bin)"
    echo "tessera.pmix $(version_of libpmix2)"
    echo "tessera.hdf5 $(version_of libhdf5-openmpi-103-1)"
    echo "tessera.debian $(cat /etc/debian_version)"
}

# Runs as whoever calls it, on a read-only root, without a network.
check() {
    local scratch
    scratch=$(mktemp -d)
    tessera version
    tessera doctor --folder "$scratch" --need-bytes 1000000
    mpirun --version | head -n 1
    rm -r "$scratch"
}

case ${1:-} in
    build) shift; build "$@" ;;
    finish | labels) "$1" ;;
    test) check ;;
    *) sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
