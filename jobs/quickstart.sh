#!/usr/bin/env bash
# The main job on the sample captures, on two MPI ranks: captures -> token store -> pre-training ->
# fine-tuning -> graded report. Installs what is missing, builds, runs; a second call redoes only what changed.
# Usage: jobs/quickstart.sh
# Environment: RANKS (2), TESSERA_JOBS (processors used to build).
# What it makes lies in build/quickstart/; the output of the programs in build/quickstart/log.txt.
# Exit codes: those of the step that failed; 4 when the machine cannot be set up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in
    '') ;;
    -h | --help) sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "quickstart: unknown option '$1'" >&2; exit 2 ;;
esac
ranks=${RANKS:-2}
out=build/quickstart
log=$out/log.txt
stamps=$out/.stamps
mkdir -p "$stamps"
: >"$log"

heading() { printf '[%3d s] %s\n' "$SECONDS" "$*"; printf '\n== %s\n' "$*" >>"$log"; }

# On a terminal the newest line of the log is shown in place; elsewhere the headings are all.
show_progress() {
    if [ -t 1 ]; then
        awk -v width="$(tput cols 2>/dev/null || echo 80)" \
            '{ printf "\r\033[K  %s", substr($0, 1, width - 3); fflush() } END { printf "\r\033[K" }'
    else
        cat >/dev/null
    fi
}

# logged COMMAND...: runs it with its output in the log; when it fails, shows the end of it and ends with its code.
logged() {
    local code=0
    : >"$step_log"
    printf '$ %s\n' "$*" >>"$log"
    "$@" </dev/null 2>&1 | tee -a "$log" "$step_log" | show_progress || code=${PIPESTATUS[0]}
    [ "$code" -eq 0 ] && return
    tail -n 15 "$step_log" >&2
    if [ "$code" -eq 85 ]; then echo "quickstart: stopped with its state saved; run it again to go on" >&2
    else echo "quickstart: '$*' failed with exit code $code; all of its output: $log" >&2; fi
    exit "$code"
}

# digest PATH...: of the content of files and folders.
digest() {
    find "$@" -type f -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0 -r sha256sum | sha256sum | cut -d' ' -f1
}

# step NAME HEADING "OUTPUT..." "INPUT..." COMMAND...: runs the command unless it is done with the same
# inputs, arguments and program. What an earlier, different call left is removed first; what an
# interrupted call of the same step left stays, since the programs resume by themselves.
# shellcheck disable=SC2086 # lists of paths
step() {
    local name=$1 title=$2 outputs=$3 inputs=$4; shift 4
    local stamp=$stamps/$name key
    key=$(printf '%s\n' "$*" "$ranks" "$previous" "$(digest $inputs build/bin/tessera "build/bin/tessera-$1")" | sha256sum)
    previous=$key
    if ls $outputs >/dev/null 2>&1 && [ "$(cat "$stamp.done" 2>/dev/null)" = "$key" ]; then
        heading "$title: up to date"
        return
    fi
    heading "$title"
    rm -f "$stamp.done"
    if [ "$(cat "$stamp.started" 2>/dev/null)" != "$key" ]; then rm -rf $outputs; fi
    printf '%s\n' "$key" >"$stamp.started"
    step_log=$stamp.log
    logged mpirun -n "$ranks" --oversubscribe --bind-to none build/bin/tessera "$@"
    mv "$stamp.started" "$stamp.done"
}
previous='' step_log=$stamps/build.log

heading "set-up (containers/setup.sh)"
containers/setup.sh || exit
heading "build"
if [ ! -f build/build.ninja ]; then logged cmake -S . -B build -G Ninja -DTESSERA_TESTS=OFF; fi
logged cmake --build build --target tessera_programs --parallel "${TESSERA_JOBS:-$(nproc)}"

# Two ranks share this machine: its processors are divided among them.
threads=$(($(nproc) / ranks))
export OMP_NUM_THREADS=$((threads > 0 ? threads : 1))
export OMPI_MCA_mpi_yield_when_idle=1
if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi

sample=datasets/sample
configs=configs/quickstart
store=$out/store

step preprocess "captures -> token store" "$store" "$sample/run* $sample/labels.toml" \
    preprocess --input "$sample" --labels "$sample/labels.toml" --store "$store"
step split "split by recording" "$store/splits/runs.json" "" \
    split "$store" --by folder --name runs
step pretrain "pre-training" "$out/pretrain" "$configs/pretrain.toml" \
    pretrain --config "$configs/pretrain.toml" --store "$store" --run "$out/pretrain"
step finetune "fine-tuning" "$out/finetune $out/bundle" "$configs/finetune.toml" \
    finetune --config "$configs/finetune.toml" --store "$store" --init "$out/pretrain" --run "$out/finetune" \
    --bundle "$out/bundle"
step evaluate "grading" "$out/report" "" \
    evaluate --model "$out/bundle" --store "$store" --output "$out/report"

printf '\n'
cat "$stamps/evaluate.log"   # the table of scores
printf '\nReport page: %s\n' "$PWD/$out/report/report.html"
