#!/usr/bin/env bash
# The first day on GPUs: builds with CUDA, sums a tensor over all GPUs of this node through NCCL and checks it, and
# prints what `tessera plan` predicts for them. Never run so far: no GPU has been at hand.
# Usage: jobs/gpu-check.sh [DEVICE]   DEVICE: v100, a100 or h100 (for the prediction; default: told by nvidia-smi)
# Exit codes: 0 all sums right, 1 one was wrong or failed, 4 there is no GPU or no build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in -h | --help) sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;; esac

command -v nvidia-smi >/dev/null || { echo "gpu-check: nvidia-smi is not here: this node has no GPU" >&2; exit 4; }
gpus=$(nvidia-smi --list-gpus | wc -l)
[ "$gpus" -gt 0 ] || { echo "gpu-check: nvidia-smi lists no GPU" >&2; exit 4; }
nvidia-smi --query-gpu=index,name,pci.bus_id,memory.total,driver_version --format=csv

name=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1)
case ${1:-$name} in
    *[vV]100*) device=v100 ;;
    *[aA]100*) device=a100 ;;
    *[hH]100* | *H200*) device=h100 ;;
    *) echo "gpu-check: name the nearest of v100, a100, h100: '$name' is none" >&2; exit 4 ;;
esac

containers/setup.sh --cuda
cmake -S . -B build/cuda -G Ninja -DTESSERA_CUDA=ON -DTESSERA_TESTS=OFF >/dev/null
cmake --build build/cuda --target tessera-gpu-check tessera-plan

programs=build/cuda/bin
failed=0
for ranks in 1 "$gpus"; do
    # Each rank takes the GPU of its own number on the node; the shell that mpirun starts knows it.
    # shellcheck disable=SC2016
    mpirun -n "$ranks" sh -c '"$0" --device "${OMPI_COMM_WORLD_LOCAL_RANK:-0}"' "$programs/tessera-gpu-check" ||
        failed=1
done
"$programs/tessera-plan" --config configs/reference.toml --gpus "$gpus" --device "$device"
exit "$failed"
