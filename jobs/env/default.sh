# shellcheck shell=bash
# What differs from cluster to cluster; copy this file to jobs/env/<site>.sh and set TESSERA_SITE=<site>.
# Account, partition and GPUs are Slurm's own business and are given to sbatch, or by its variables:
#   export SBATCH_ACCOUNT=.. SBATCH_PARTITION=.. SBATCH_GPUS_PER_NODE=4
#
# Modules, where the programs were built against them:
#   module load gcc openmpi hdf5
# A container instead of a build (containers/README.md); --nv brings the node's GPU driver in:
#   tessera=(apptainer exec --nv --bind "$PWD" /path/tessera.sif tessera)
# The network that MPI and NCCL use, where they choose a wrong one (`tessera doctor` shows what there is):
#   export OMPI_MCA_btl_tcp_if_include=ib0 NCCL_SOCKET_IFNAME=ib0
