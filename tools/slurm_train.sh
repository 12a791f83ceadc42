#!/usr/bin/env bash
# Train under Slurm:
#   [GPUS=16] [GPUS_PER_NODE=8] [CPUS_PER_TASK=10] [SRUN_ARGS=...] \
#       tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options of tools/train.py]
# PYTHON chooses the interpreter.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,5s/^# //p' "$0"
    exit 2
fi
exec "$(dirname "$0")/slurm_run.sh" train.py "$@"
