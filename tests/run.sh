#!/usr/bin/env bash
# Sets up, builds, and runs every test that needs no GPU. The last line counts what passed, failed, was skipped.
# Usage: tests/run.sh [--quick] [--no-cluster] [--all] [--filter REGEX]
#   --quick         only build/: neither the sanitized, fuzzed nor CUDA build, nor the Slurm cluster
#   --no-cluster    without the Slurm cluster of four nodes
#   --all           also what takes minutes: container images, throttled and cut networks (label container)
#   --filter REGEX  only the tests whose name matches; implies --quick
# Environment: TESSERA_JOBS (default: processors), TESSERA_SHARED (folder with further captures, may be absent).
# Exit codes: 0 all passed, 1 something failed, 2 wrong usage, 4 the machine cannot be set up.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 4
jobs=${TESSERA_JOBS:-$(nproc)}
quick=no all=no cluster=yes filter=
while [ $# -gt 0 ]; do
    case $1 in
        --quick) quick=yes cluster=no ;;
        --no-cluster) cluster=no ;;
        --all) all=yes ;;
        --filter) [ $# -gt 1 ] || { echo "tests/run.sh: --filter wants a regular expression" >&2; exit 2; }
            filter=$2 quick=yes; shift ;;
        -h | --help) sed -n '2,9s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) echo "tests/run.sh: unknown option '$1'" >&2; exit 2 ;;
    esac
    shift
done

# Ranks may outnumber processors here, and CI often runs as root.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
export UBSAN_OPTIONS=print_stacktrace=1

passed=0 failed=0
failures=() skips=()
heading() { printf '\n== %s (%d s) ==\n' "$1" "$SECONDS"; }

# check NAME COMMAND...: a build step that must succeed; counted only when it fails.
check() {
    local name=$1; shift
    "$@" && return
    failed=$((failed + 1)); failures+=("$name")
    return 1
}

# Adds up the result lines of one ctest run, e.g. " 3/10 Test  #3: flow.idle .....   Passed    0.01 sec".
count_results() {
    local line name
    while read -r line; do
        name=${line#*: }; name=${name%% *}
        case $line in
            *" Passed "*) passed=$((passed + 1)) ;;
            *"***Skipped"* | *"(Disabled)"*) skips+=("$2$name") ;;
            *) failed=$((failed + 1)); failures+=("$2$name") ;;
        esac
    done < <(grep -E '^ *[0-9]+/[0-9]+ Test +#[0-9]+: ' "$1")
}

# A program that runs under mpirun, or holds several Python cases, is one test to ctest; the cases it skipped
# inside are named here.
count_inner_skips() {
    local name
    while read -r name; do skips+=("$2$name"); done < <(awk '
        /^[0-9]+\/[0-9]+ Testing: / { test = $3 }
        /^test_[^ ]* \(/ { name = $1 }
        /\.\.\. skipped / { print test ":" name }
        /^\[  SKIPPED \] .*\([0-9]+ ms\)/ && test ~ /_ranks$/ { print test ":" $4 }' "$1")
}

# run_ctest FOLDER PREFIX CTEST-OPTION...
run_ctest() {
    local folder=$1 prefix=$2 log=$1/ctest.log; shift 2
    ctest --test-dir "$folder" --output-on-failure --no-tests=ignore \
        ${filter:+-R "$filter"} "$@" </dev/null 2>&1 | tee "$log"
    count_results "$log" "$prefix"
    count_inner_skips "$folder/Testing/Temporary/LastTest.log" "$prefix"
}

# test_folder FOLDER PREFIX: tests labelled `serial` measure or fill the machine, so they run alone.
test_folder() {
    local left_out='^(serial|container)$'
    if [ "$cluster" = no ]; then left_out='^(serial|container|cluster)$'; fi
    run_ctest "$1" "$2" --parallel "$jobs" --label-exclude "$left_out"
    run_ctest "$1" "$2" --label-regex '^serial$'
    if [ "$all" = yes ]; then run_ctest "$1" "$2" --label-regex '^container$'; fi
}

# The same with sanitizers. Leaks are looked for in the stages without MPI and HDF5: those libraries leak by design.
test_sanitized_folder() {
    local leak_free='^(base|packet|capture|flow|burst|token)$'
    run_ctest "$1" "$2" --parallel "$jobs" --label-regex "$leak_free"
    ASAN_OPTIONS=detect_leaks=0 run_ctest "$1" "$2" --parallel "$jobs" --label-exclude "$leak_free" --exclude-regex '^style'
}

# build FOLDER TARGET CMAKE-OPTION...
build() {
    local folder=$1 target=$2; shift 2
    cmake -S . -B "$folder" -G Ninja "$@" >"$folder.cmake.log" 2>&1 || { cat "$folder.cmake.log"; return 1; }
    cmake --build "$folder" --target "$target" --parallel "$jobs"
}

# A toolkit of another version on this machine would hide that a header is missing from the pinned ones.
only_pinned_headers() {
    local headers foreign
    headers=$(ninja -C "$1" -t deps | sort -u) && grep -q cuda_runtime_api.h <<<"$headers" || return 1
    foreign=$(grep -E '^ +(/usr/local/|/usr/include/(crt|nv|cuda))' <<<"$headers") || return 0
    printf 'headers that containers/setup.sh did not bring:\n%s\n' "$foreign"
    return 1
}

finish() {
    printf '\nTests took %d s.\n' "$SECONDS"
    if [ "${#skips[@]}" -gt 0 ]; then printf 'skipped: %s\n' "${skips[@]}"; fi
    if [ "${#failures[@]}" -gt 0 ]; then printf 'FAILED: %s\n' "${failures[@]}"; fi
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "${#skips[@]}"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

heading "set-up"
containers/setup.sh --tests || exit 4
mkdir -p build

heading "build and test"
if check "build" build build all -DTESSERA_TESTS=ON; then test_folder build ""; fi

if [ "$quick" = no ]; then
    heading "the stages from captures to the store under AddressSanitizer and UndefinedBehaviorSanitizer"
    if check "sanitized build" build build/sanitize tessera_sanitize_check -DTESSERA_TESTS=ON -DTESSERA_TORCH=OFF \
        -DTESSERA_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1; then
        test_sanitized_folder build/sanitize sanitize:
    fi
    heading "the readers of what strangers wrote under libFuzzer, a minute each"
    if check "fuzz build" build build/fuzz fuzz -DTESSERA_FUZZ=ON -DTESSERA_TORCH=OFF \
        -DTESSERA_SANITIZE=address,undefined,fuzzer-no-link -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++; then
        run_ctest build/fuzz "" --parallel "$jobs" --label-regex '^fuzz$'
    fi
    heading "CUDA build (compiled and linked, not run)"
    if ! containers/setup.sh --cuda; then
        skips+=("CUDA build: its libraries are not to be had")
    elif check "CUDA build" build build/cuda tessera_cuda_check -DTESSERA_CUDA=ON -DTESSERA_TESTS=OFF; then
        passed=$((passed + 1))
        if check "CUDA headers" only_pinned_headers build/cuda; then passed=$((passed + 1)); fi
    fi
fi
finish
