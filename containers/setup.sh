#!/usr/bin/env bash
# Puts in place what Tessera is built from: system packages, and LibTorch in the user's cache folder.
# Usage: containers/setup.sh [--tests] [--cuda] [--gpu] [--bench]
#   --tests  also what the tests use (GoogleTest, tshark, h5py, clang, ...)
#   --cuda   also the CUDA and NCCL libraries that a build with -DTESSERA_CUDA=ON links
#   --gpu    those and what its programs load when they run (cuBLAS, cuDNN ..: 3.5 GB to fetch)
#   --bench  also what `tessera bench` measures against: tshark, and a Python environment (3 GB to fetch, 7 GB kept)
# Root (or sudo) is asked for only when a system package is missing. Prints nothing when all is there.
# Exit codes: 0 all is in place, 2 wrong usage, 4 this machine cannot be set up (the line says why).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=containers/versions.env
. "$here/versions.env"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tessera
cpu_tree=$cache/libtorch-$LIBTORCH_VERSION-cpu
cuda_tree=$cache/libtorch-$LIBTORCH_VERSION-cuda
peers=$cache/bench-python   # where tessera bench looks for it
peers_wanted="torch==$LIBTORCH_VERSION $PEERS"
gpu_mark=.runs-on-gpus   # in the tree above: it holds what programs load, not only what they link

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 4; }

check_machine() {
    [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
        fail "this is $(uname -s) on $(uname -m); the pinned LibTorch is for Linux on x86_64 only"
    command -v dpkg-query >/dev/null ||
        fail "no dpkg here; on other systems than Debian and Ubuntu install by hand what containers/versions.env lists"
}

# Prints those of the packages "$@" that are not installed.
missing_packages() {
    { dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } |
        awk -v wanted="$*" '$1 == "installed" { have[$2] = 1 }
            END { n = split(wanted, name); for (i = 1; i <= n; i++) if (!(name[i] in have)) print name[i] }'
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# apt is quiet unless it fails; another apt that runs is waited for.
apt() {
    local log; log=$(mktemp)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 "$@" </dev/null >"$log" 2>&1 ||
        { tail -n 20 "$log" >&2; rm -f "$log"; fail "'apt-get $*' failed, its last lines are above"; }
    rm -f "$log"
}

install_packages() {
    local missing; mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        fail "no sudo here; as root run: apt-get install --no-install-recommends ${missing[*]}"
    say "installing ${#missing[@]} system packages: ${missing[*]}"
    apt -qq update
    apt -qq -y --no-install-recommends install "${missing[@]}"
}

# Those of "$@" that the package lists know; nothing is said of the others.
install_known_packages() {
    local missing name; local -a known=()
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || return 0
    mapfile -t missing < <(missing_packages "$@")
    for name in "${missing[@]}"; do
        if apt-cache show "$name" >/dev/null 2>&1; then known+=("$name"); fi
    done
    if [ "${#known[@]}" -gt 0 ]; then install_packages "${known[@]}"; fi
}

# Ubuntu 22.04 lacks one package, of which only headers are needed: they go to /usr/local/include.
on_ubuntu_2204() { grep -qs '^UBUNTU_CODENAME=jammy' /etc/os-release; }
install_toml_headers() {
    if [ -e /usr/local/include/toml++/toml.h ]; then return; fi
    say "installing the toml++ headers into /usr/local/include"
    local mirror deb
    # shellcheck disable=SC2016 # apt fills it in
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Ubuntu' 'Component: universe' | head -n 1)
    deb=$(mktemp --suffix=.deb)
    /usr/lib/apt/apt-helper -qq download-file "${mirror%/}/$TOMLPLUSPLUS_DEB" "$deb" "SHA256:$TOMLPLUSPLUS_SHA256" ||
        fail "cannot fetch $TOMLPLUSPLUS_DEB from ${mirror:-a mirror with the component universe}"
    dpkg-deb --fsys-tarfile "$deb" | as_root tar -x -C /usr/local --strip-components=2 ./usr/include
    rm -f "$deb"
}

# Sets $pip, which fetches the wheels: Debian's, or whichever python3 of the user has one.
find_pip() {
    local python
    for python in /usr/bin/python3 python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then pip=("$python" -m pip); return; fi
    done
    return 1
}

# fetch "REQUIREMENT FILE SHA256" FOLDER: downloads one pinned wheel, with the user's own pip settings;
# $wheel is its path then. Told the hash, pip takes that very file even where several are offered.
fetch() {
    local -a pin; read -r -d '' -a pin <<<"$1" || true
    local requirement=${pin[0]} sha256=${pin[2]}
    wheel=$2/${pin[1]}
    printf '%s --hash=sha256:%s\n' "$requirement" "$sha256" >"$2/requirement.txt"
    "${pip[@]}" download --quiet --disable-pip-version-check --no-cache-dir --no-deps \
        --only-binary=:all: --python-version 3.12 --implementation cp --abi cp312 --abi none \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux2014_x86_64 \
        --require-hashes --requirement "$2/requirement.txt" --dest "$2" </dev/null ||
        fail "pip could not download $requirement; look at the network and 'pip config list', then run this again"
    printf '%s  %s\n' "$sha256" "$wheel" | sha256sum --check --status ||
        fail "${pin[1]} is missing or not the pinned file (sha256 $sha256)"
}

# unpack PATTERN...: the named parts of $wheel into the tree that is being made ($aside).
unpack() {
    unzip -q -o "$wheel" "$@" -d "$aside" || fail "cannot unpack $wheel into $aside; is the disk full?"
}

# Both trees are laid out as Python's site-packages, which is what the libraries' own RPATHs expect.
unpack_cpu_part() {
    unpack 'torch/include/*' torch/lib/libtorch_cpu.so torch/lib/libc10.so torch/lib/libgomp.so.1
}
unpack_cpu_companions() {
    fetch "$WHEEL_CUPTI" "$downloads"; unpack nvidia/cuda_cupti/lib/libcupti.so.12
    fetch "$WHEEL_CUDART" "$downloads"; unpack nvidia/cuda_runtime/lib/libcudart.so.12
}

make_cpu_tree() {
    say "fetching LibTorch $LIBTORCH_VERSION (0.9 GB, of which 0.5 GB are kept in $cpu_tree)"
    begin_tree
    fetch "$WHEEL_TORCH" "$downloads"; unpack_cpu_part
    torch_wheel=$wheel
    unpack_cpu_companions
    publish_tree "$cpu_tree"
}

# A whole tree of its own: the CPU tree (hard links: no space) with the GPU libraries beside it.
make_cuda_tree() {
    say "fetching the CUDA and NCCL libraries of LibTorch $LIBTORCH_VERSION (1.4 GB kept in $cuda_tree)"
    begin_tree
    cp -al "$cpu_tree/." "$aside/"
    if [ -f "${torch_wheel:-}" ]; then wheel=$torch_wheel; else fetch "$WHEEL_TORCH" "$downloads"; fi
    unpack torch/lib/libtorch_cuda.so torch/lib/libc10_cuda.so
    fetch "$WHEEL_CUDART" "$downloads"; unpack 'nvidia/cuda_runtime/*'
    fetch "$WHEEL_NVCC" "$downloads"; unpack 'nvidia/cuda_nvcc/include/crt/*'
    fetch "$WHEEL_CCCL" "$downloads"; unpack 'nvidia/cuda_cccl/include/nv/*'
    fetch "$WHEEL_NCCL" "$downloads"; unpack nvidia/nccl/include/nccl.h nvidia/nccl/lib/libnccl.so.2
    if [ -d "$cuda_tree" ]; then add_to_cuda_tree; else publish_tree "$cuda_tree"; fi
}
cuda_tree_complete() { [ -e "$cuda_tree/nvidia/cuda_cccl/include/nv/target" ]; }

# To link takes none of these, and to start a program all of them. The mark comes last: a set-up that was cut off
# in between begins them again.
add_gpu_run_time() {
    say "fetching what runs on GPUs: cuBLAS, cuDNN and others (3.5 GB, 4.5 GB kept in $cuda_tree)"
    begin_tree
    if [ -f "${torch_wheel:-}" ]; then wheel=$torch_wheel; else fetch "$WHEEL_TORCH" "$downloads"; fi
    unpack torch/lib/libtorch_nvshmem.so torch/lib/libtorch_cuda_linalg.so torch/lib/libcaffe2_nvrtc.so
    local pin
    while read -r pin; do
        if [ -z "$pin" ]; then continue; fi
        fetch "$pin" "$downloads"; unpack 'nvidia/*/lib/*'; rm -f "$wheel"
    done <<<"$WHEELS_GPU"
    add_to_cuda_tree
    touch "$cuda_tree/$gpu_mark"
}

# What a list of older pins left is made anew.
peers_complete() { [ "$(cat "$peers/requirements.txt" 2>/dev/null)" = "$peers_wanted" ]; }

make_peers() {
    local wanted=$peers_wanted
    say "fetching $wanted into $peers (3 GB, 7 GB kept)"
    begin_tree
    # shellcheck disable=SC2086 # a list of requirements
    { /usr/bin/python3 -m venv "$aside" &&
        "$aside/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir $wanted </dev/null; } ||
        fail "cannot make a Python environment with $wanted; look at the network and 'pip config list', then run this again"
    printf '%s\n' "$wanted" >"$aside/requirements.txt"
    rm -rf "$peers"
    publish_tree "$peers"
}

# A tree is filled aside and renamed, so that one that was interrupted is never taken for whole.
begin_tree() { aside=$(mktemp -d "$work/tree.XXXXXX"); }
publish_tree() {
    chmod 755 "$aside"
    mv -T "$aside" "$1" 2>/dev/null || [ -d "$1" ] || fail "cannot rename $aside to $1"
}

add_to_cuda_tree() { cp -al --remove-destination "$aside/." "$cuda_tree/" || fail "cannot add to $cuda_tree"; }

# Two set-ups of one user: the second waits. Whoever holds the lock may remove what a killed one left.
make_trees() {
    mkdir -p "$cache"
    exec 9>"$cache/setup.lock"
    if ! flock -n 9; then
        say "another set-up is filling $cache; waiting for it"
        flock 9 || true   # some network file systems lock nothing: the rename still keeps trees whole
    fi
    find "$cache" -maxdepth 1 -name 'setup.??????' -mmin +1440 -exec rm -rf {} +
    work=$(mktemp -d "$cache/setup.XXXXXX"); downloads=$work/downloads
    mkdir "$downloads"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    [ -d "$cpu_tree" ] || make_cpu_tree
    if [ "$cuda" = yes ] && ! cuda_tree_complete; then make_cuda_tree; fi
    if [ "$gpu" = yes ] && [ ! -e "$cuda_tree/$gpu_mark" ]; then add_gpu_run_time; fi
    if [ "$bench" = yes ] && ! peers_complete; then make_peers; fi
}

trees_complete() {
    [ -d "$cpu_tree" ] && { [ "$cuda" = no ] || cuda_tree_complete; } &&
        { [ "$gpu" = no ] || [ -e "$cuda_tree/$gpu_mark" ]; } &&
        { [ "$bench" = no ] || peers_complete; }
}

packages="$PACKAGES_BUILD $PACKAGES_RUN" cuda=no gpu=no bench=no
for option in "$@"; do
    case $option in
        --tests) packages+=" $PACKAGES_TEST" ;;
        --bench) packages+=" $PACKAGES_BENCH" bench=yes ;;
        --cuda) cuda=yes ;;
        --gpu) cuda=yes gpu=yes ;;
        -h | --help) sed -n '2,9s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) say "unknown option '$option'; known are --tests, --cuda, --gpu and --bench" >&2; exit 2 ;;
    esac
done
check_machine
if ! trees_complete; then
    packages+=" $PACKAGES_FETCH"
    if find_pip; then packages=${packages/python3-pip/}; fi
fi
if on_ubuntu_2204; then packages=${packages/libtomlplusplus-dev/}; fi
# shellcheck disable=SC2086 # a list of names
install_packages $packages
# shellcheck disable=SC2086 # a list of names
install_known_packages $PACKAGES_OPTIONAL
if on_ubuntu_2204; then install_toml_headers; fi
if ! trees_complete; then
    find_pip || fail "python3-pip is installed, yet 'python3 -m pip' does not run"
    make_trees
fi
