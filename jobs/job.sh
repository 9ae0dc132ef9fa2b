# shellcheck shell=bash
# What every job script shares: where the programs are, how ranks are launched, how a job goes on after its
# time limit. Sourced by jobs/*.sbatch, never run.
#
# Settings (environment):
#   TESSERA_HOME   the repository, or share/tessera of an installed tree (default: where sbatch was called)
#   TESSERA_SITE   modules, network, container: a file, or the name of jobs/env/<name>.sh (default: default)
#   RANKS_PER_NODE ranks on a node (default: --ntasks-per-node, else a rank a GPU, else 1)
#   MAX_REQUEUES   a job that has come back so often gives up (default: 100)
#   NODE_FAILURE_WAIT  seconds that a job whose node is gone waits for Slurm to requeue it (default: 600)
TESSERA_HOME=${TESSERA_HOME:-${SLURM_SUBMIT_DIR:-$PWD}}
TESSERA_SITE=${TESSERA_SITE:-default}
MAX_REQUEUES=${MAX_REQUEUES:-100}
NODE_FAILURE_WAIT=${NODE_FAILURE_WAIT:-600}

say() { printf '[%(%F %T)T] %s\n' -1 "$*"; }
give_up() { local code=$1; shift; say "$*" >&2; exit "$code"; }

# The programs, and where the site keeps them. A site file may set `tessera`, e.g. to a container.
tessera=()
site=$TESSERA_SITE
if [ "$site" = "${site##*/}" ]; then site=$TESSERA_HOME/jobs/env/$site.sh; fi
# shellcheck source=jobs/env/default.sh
. "$site" || give_up 4 "no site file $site (TESSERA_SITE)"
if [ "${#tessera[@]}" -eq 0 ]; then
    for place in "$TESSERA_HOME/build/bin/tessera" "$TESSERA_HOME/../../bin/tessera" "$(command -v tessera)"; do
        if [ -x "$place" ]; then tessera=("$place"); break; fi
    done
fi
[ "${#tessera[@]}" -gt 0 ] || give_up 4 "no tessera in $TESSERA_HOME or on PATH: build it, or set TESSERA_HOME"

# Locks fail or hang on many parallel file systems, and every file here has one writer.
export HDF5_USE_FILE_LOCKING=${HDF5_USE_FILE_LOCKING:-FALSE}
# Slurm 22.05's default exchange among nodes crashed 3 % of all launches with PMIx 4.2; the ring none of 875.
export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}

nodes=${SLURM_JOB_NUM_NODES:-1}
tasks_per_node=${RANKS_PER_NODE:-${SLURM_NTASKS_PER_NODE:-${SLURM_GPUS_ON_NODE:-1}}}
tasks=$((nodes * tasks_per_node))   # not SLURM_NTASKS: a job may come back on fewer nodes
# Processors of a rank: what sbatch was asked for, at most a rank's share of the smallest node ("16(x3),8").
share=$(($(tr ',' '\n' <<<"${SLURM_JOB_CPUS_PER_NODE:-1}" | sort -n | sed -n '1s/(.*//; 1p') / tasks_per_node))
processors=${SLURM_CPUS_PER_TASK:-$share}
if [ "$processors" -gt "$share" ]; then processors=$share; fi
if [ "$processors" -lt 1 ]; then processors=1; fi
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$processors}

# The warning before the time limit reaches this shell alone (--signal=B:USR1@..): it is passed to the ranks.
stop_asked=no step=
on_warning() {
    stop_asked=yes
    say "asked to stop: the time limit is near, or somebody sent USR1"
    if [ -n "$step" ]; then kill -USR1 "$step" 2>/dev/null || true; fi
}
trap on_warning USR1

header() {
    say "job ${SLURM_JOB_ID:-?} '${SLURM_JOB_NAME:-?}', start $((${SLURM_RESTART_COUNT:-0} + 1)): $tasks ranks on" \
        "$nodes nodes (${SLURM_JOB_NODELIST:-?})"
    "${tessera[@]}" version
}

# on_ranks COUNT: sets $launcher to what starts a command on so many ranks; each line of its output is led by the
# rank, and one that dies ends the others. It is run as a command of its own: a signal must reach srun itself.
# srun is told the processors of a rank: since Slurm 22.05 it no longer takes them from sbatch.
on_ranks() {
    launcher=(srun --mpi=pmix --kill-on-bad-exit=1 --label --unbuffered --ntasks="$1"
        --cpus-per-task="$processors" --ntasks-per-node="$tasks_per_node"
        --nodes="$((($1 + tasks_per_node - 1) / tasks_per_node))")
}

# check_nodes FOLDER COUNT DEVICE: every node is looked at before hours are spent on it, in the geometry of the
# work: so many ranks that compute on DEVICE (train.device; cpu where nothing is trained).
check_nodes() {
    local code=0
    mkdir -p "$1"
    on_ranks "$2"
    "${launcher[@]}" "${tessera[@]}" doctor --folder "$1" --device "$3" || code=$?
    [ "$code" -eq 0 ] || give_up "$code" "the doctor found what would make this job fail (lines above)"
}

# run_ranks COUNT COMMAND...: in the background, so that this shell hears the warning; sets $code.
run_ranks() {
    code=85
    if [ "$stop_asked" = yes ]; then return; fi
    on_ranks "$1"
    "${launcher[@]}" "${@:2}" &
    step=$!
    while :; do
        wait "$step" && code=0 || code=$?
        kill -0 "$step" 2>/dev/null || break   # else a signal ended the wait, not the ranks
    done
    step=
}

# until_done COUNT COMMAND...: 85 means that the state is saved: the job goes back into the queue and goes on.
until_done() {
    run_ranks "$@"
    case $code in
        0) say "done" ;;
        85) come_back ;;
        *) await_requeue; give_up "$code" "'${*:2}' ended with exit code $code" ;;
    esac
}

# A node that dies takes its ranks along, and the other ranks end long before Slurm calls the node down
# (SlurmdTimeout, often 5 minutes). Slurm then requeues the job without that node, if the job is still there.
await_requeue() {
    if timeout 60 srun --overlap --mpi=none --nodes="$nodes" --ntasks="$nodes" --ntasks-per-node=1 --quiet true \
        2>/dev/null; then return; fi
    say "a node of this job does not answer: waiting up to $NODE_FAILURE_WAIT s for Slurm to requeue the job"
    sleep "$NODE_FAILURE_WAIT" &
    wait $! || true
}

come_back() {
    [ "${SLURM_RESTART_COUNT:-0}" -lt "$MAX_REQUEUES" ] ||
        give_up 1 "came back $MAX_REQUEUES times already (MAX_REQUEUES): is the time limit too short for one step?"
    say "state saved; going back into the queue"
    scontrol requeue "$SLURM_JOB_ID" || give_up 85 "cannot requeue; submit the same script again to go on"
    exit 0
}

# read_settings COMMAND...: what is in force for it, from file, environment and words.
read_settings() { settings=$("${tessera[@]}" "$@" --print-config) || give_up 2 "the settings are faulty (line above)"; }

# setting SECTION.KEY: one of them.
setting() {
    awk -v wanted="$1" '
        /^\[/ { section = substr($1, 2, length($1) - 2) }
        $2 == "=" && section "." $1 == wanted { gsub(/"/, "", $3); print $3; exit }' <<<"$settings"
}

# Prints the largest number of ranks, at most $tasks, among which the micro-batches of a step divide evenly:
# a job that comes back on fewer nodes goes on with ranks that all have the same work.
fitting_ranks() {
    local micro_batches=$(($(setting train.global_batch_size) / $(setting train.micro_batch_size)))
    local count=$((tasks < micro_batches ? tasks : micro_batches))
    while [ $((micro_batches % count)) -ne 0 ]; do count=$((count - 1)); done
    printf '%d\n' "$count"
}

# The arithmetic of a training run, from the settings in force.
training_arithmetic() {
    local count=$1 steps batch length epochs
    steps=$(setting train.train_iters) batch=$(setting train.global_batch_size)
    length=$(setting data.sequence_length) epochs=$(setting train.epochs)
    if awk -v epochs="${epochs:-0}" 'BEGIN { exit epochs + 0 == 0 }'; then   # of fine-tuning: the store says how many steps that is
        say "$epochs passes over the training fold, $batch sequences x $length tokens a step"
    else
        say "$steps steps x $batch sequences x $length tokens = $((steps * batch * length)) tokens in all"
    fi
    say "$count of $tasks ranks, $((batch / count)) sequences each a step; a checkpoint every" \
        "$(setting train.save_interval) steps, the newest $(setting train.keep_last) kept"
}
