#!/usr/bin/env bash
# Submits the whole job as a chain: preprocess -> pretrain -> finetune (one array task a label set) -> evaluate.
# Each waits for the one before; when one fails for good, those after it are cancelled.
# Usage: jobs/submit-pipeline.sh [--dry-run] [-- SBATCH-OPTION...]
#   --dry-run  prints the sbatch lines and submits nothing
# Settings (environment): CAPTURES and TASKS (required), LABELS, SPLIT_BY; WORK, the folder in which everything is
# made (default: the current one); PRETRAIN_CONFIG and FINETUNE_CONFIG; and those of the job scripts.
# Account and partition: SBATCH_ACCOUNT, SBATCH_PARTITION, or after --. Prints the numbers of the jobs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dry_run=no options=()
while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry_run=yes ;;
        --) shift; options=("$@"); break ;;
        -h | --help) sed -n '2,8s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) echo "submit-pipeline: unknown option '$1'" >&2; exit 2 ;;
    esac
    shift
done

# absolute PATHS: paths parted by ':', since the jobs run in $work.
absolute() { awk -v RS=: -v ORS= -v here="$PWD" '{ sub(/\n$/, "")
    print (NR > 1 ? ":" : "") (/^\// ? $0 : here "/" $0) }' <<<"$1"; }

: "${CAPTURES:?which captures? files, folders or globs, parted by ':'}"
: "${TASKS:?which label sets? parted by spaces}"
export TESSERA_HOME=${TESSERA_HOME:-$(dirname "$here")}
work=$(realpath -m "${WORK:-.}")
export CAPTURES TASKS STORE=${STORE:-$work/store} RUN=${RUN:-$work/pretrained} OUTPUT=${OUTPUT:-$work/tuned}
export INIT=${INIT:-$RUN}
if [ -n "${LABELS:-}" ]; then export LABELS; LABELS=$(realpath "$LABELS"); fi
CAPTURES=$(absolute "$CAPTURES")
read -r -a tasks_wanted <<<"$TASKS"
array=0-$((${#tasks_wanted[@]} - 1))

# submit NAME SBATCH-OPTION...: the job's number is in $job.
submit() {
    local name=$1; shift
    local line=(sbatch --parsable --chdir "$work" "$@" ${options[@]+"${options[@]}"} "$here/$name.sbatch")
    if [ "$dry_run" = yes ]; then printf '%q ' "${line[@]}"; printf '\n'; job=${name^^}_JOB; return; fi
    job=$("${line[@]}")
    job=${job%%;*}   # "number;cluster" where there are several clusters
    printf '%-10s job %s\n' "$name" "$job"
}
after() { printf -- '--dependency=%s:%s\n' "$1" "$job"; }
cancelled_with_parent=--kill-on-invalid-dep=yes

if [ "$dry_run" = no ]; then mkdir -p "$work"; fi
submit preprocess
CONFIG=${PRETRAIN_CONFIG:-$TESSERA_HOME/configs/pretrain.toml} submit pretrain "$(after afterok)" "$cancelled_with_parent"
CONFIG=${FINETUNE_CONFIG:-$TESSERA_HOME/configs/finetune.toml} submit finetune --array="$array" "$(after afterok)" "$cancelled_with_parent"
submit evaluate --array="$array" "$(after aftercorr)" "$cancelled_with_parent"
