#!/usr/bin/env bash
# Common part of slurm_train.sh and slurm_test.sh: start a script of tools/ under Slurm.
#   [GPUS=16] [GPUS_PER_NODE=8] [CPUS_PER_TASK=10] [SRUN_ARGS=...] \
#       tools/slurm_run.sh SCRIPT PARTITION JOB_NAME [arguments of the script]
# PYTHON chooses the interpreter.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,5s/^# //p' "$0"
    exit 2
fi
SCRIPT=$1
PARTITION=$2
JOB_NAME=$3
shift 3
GPUS=${GPUS:-8}
GPUS_PER_NODE=${GPUS_PER_NODE:-$((GPUS < 8 ? GPUS : 8))}
ROOT="$(cd "$(dirname "$0")/.." && pwd)"
# SRUN_ARGS is split into words on purpose.
# shellcheck disable=SC2086
PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" exec srun -p "$PARTITION" \
    --job-name="$JOB_NAME" \
    --gres=gpu:"$GPUS_PER_NODE" \
    --ntasks="$GPUS" \
    --ntasks-per-node="$GPUS_PER_NODE" \
    --cpus-per-task="${CPUS_PER_TASK:-10}" \
    --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$ROOT/tools/$SCRIPT" "$@" --launcher slurm
