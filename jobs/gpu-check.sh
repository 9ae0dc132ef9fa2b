#!/usr/bin/env bash
# The first day on GPUs, one command: builds with CUDA, sums a tensor over all GPUs of this node through NCCL, trains a
# small model on CPU, on one GPU and on all of them, compares losses, resumes a run, and prints speeds beside what
# `tessera plan` predicts. Never run on a GPU so far; --rehearse runs the same commands on processors, with build/.
# Usage: jobs/gpu-check.sh [--rehearse | DEVICE]   DEVICE: v100, a100 or h100 (default: told by nvidia-smi)
# What it makes lies in build/gpu-check/. Exit codes: 0 all right, 1 something was wrong, 4 no GPU or no build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in -h | --help) sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
work=build/gpu-check
failed=0

if [ "${1:-}" = --rehearse ]; then
    programs=build/bin gpus=2 accelerator=cpu precision=bf16
    model=(--layers 2 --hidden 128 --heads 2 --feed-forward 512)
    [ -x "$programs/tessera-pretrain" ] || { echo "gpu-check: build first: jobs/quickstart.sh" >&2; exit 4; }
else
    command -v nvidia-smi >/dev/null || { echo "gpu-check: nvidia-smi is not here: this node has no GPU" >&2; exit 4; }
    gpus=$(nvidia-smi --list-gpus | wc -l)
    [ "$gpus" -gt 0 ] || { echo "gpu-check: nvidia-smi lists no GPU" >&2; exit 4; }
    nvidia-smi --query-gpu=index,name,pci.bus_id,memory.total,driver_version --format=csv
    name=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1)
    case ${1:-$name} in
        *[vV]100*) kind=v100 ;;
        *[aA]100*) kind=a100 ;;
        *[hH]100* | *H200*) kind=h100 ;;
        *) echo "gpu-check: name the nearest of v100, a100, h100: '$name' is none" >&2; exit 4 ;;
    esac
    containers/setup.sh --gpu
    cmake -S . -B build/cuda -G Ninja -DTESSERA_CUDA=ON -DTESSERA_TESTS=OFF >/dev/null
    cmake --build build/cuda --target tessera_cuda_check
    programs=build/cuda/bin accelerator=cuda precision=auto
    model=(--layers 4 --hidden 256 --heads 4)
    for ranks in 1 "$gpus"; do
        # Each rank takes the GPU of its own number on the node; the shell that mpirun starts knows it.
        # shellcheck disable=SC2016
        mpirun -n "$ranks" sh -c '"$0" --device "${OMPI_COMM_WORLD_LOCAL_RANK:-0}"' "$programs/tessera-gpu-check" ||
            failed=1
    done
fi

# train RANKS RUN OPTION...: 40 steps of 64 sequences in 8 micro-batches, a line of metrics each.
train() {
    local ranks=$1 run=$work/$2; shift 2
    echo "gpu-check: ${run##*/}"
    mpirun --oversubscribe -n "$ranks" "$programs/tessera-pretrain" --store "$work/store" --run "$run" "${model[@]}" \
        --micro-batch-size 8 --global-batch-size 64 --sequence-length 64 --train-iters 40 --lr 1e-3 \
        --log-interval 1 --eval-interval 0 --save-interval 20 --progress none --log-level warning "$@"
}

# losses RUN OTHER TOLERANCE: the largest relative difference of the losses of a step.
losses() {
    python3 jobs/compare_losses.py "$work/$1" "$work/$2" --tolerance "$3" || failed=1
}

rm -rf "$work"
mkdir -p "$work"
"$programs/tessera-preprocess" --input datasets/sample/run1 --store "$work/store" --progress none --log-level warning
plain=(--dropout 0 --attention-dropout 0)
train 1 cpu "${plain[@]}" --precision fp32 --device cpu
train 1 one "${plain[@]}" --precision fp32 --device "$accelerator" --kernels library
train 1 graph "${plain[@]}" --precision fp32 --device "$accelerator" --kernels library --cuda-graph
train "$gpus" all "${plain[@]}" --precision fp32 --device "$accelerator" --kernels library --overlap on
train 1 half "${plain[@]}" --precision "$precision" --device "$accelerator" --kernels library
train 1 resumed --precision "$precision" --device "$accelerator" --kernels library
# Sums in another order, 40 updates: float32 keeps three digits. A half type is off by its own rounding.
losses cpu one 1e-3
losses one graph 1e-3
losses one all 1e-3
losses one half 3e-2
# As if killed after step 20: the second half again, from the checkpoint, with dropout.
cp -r "$work/resumed" "$work/undisturbed"
rm -r "$work/resumed/checkpoints/step-40" "$work/resumed/DONE"
train 1 resumed --precision "$precision" --device "$accelerator" --kernels library
losses undisturbed resumed 1e-3
if cmp -s "$work"/{undisturbed,resumed}/checkpoints/step-40/model.safetensors; then echo "resumed: the same bits"
else echo "resumed: other bits (a GPU may add in another order each time)"; fi

if [ "$accelerator" = cuda ]; then
    for type in fp32 fp16 bf16; do
        for batch in 32 64; do
            echo "base model, $batch x 128, $type, one GPU:"
            "$programs/tessera-bench-step" --model base --batch "$batch" --steps 20 --device cuda --precision "$type" ||
                failed=1
        done
    done
    "$programs/tessera-plan" --config configs/reference.toml --gpus "$gpus" --device "$kind"
fi
[ "$failed" -eq 0 ] && echo "gpu-check: all right" || echo "gpu-check: something was wrong, see above"
exit "$failed"
