#!/usr/bin/env bash
# Common part of dist_train.sh and dist_test.sh: start a script of tools/ in several processes of this machine.
#   tools/dist_run.sh SCRIPT GPUS [arguments of the script]
# NNODES, NODE_RANK, MASTER_ADDR and PORT (29500) join several machines; PYTHON chooses the interpreter.
set -euo pipefail
if [ $# -lt 2 ]; then
    sed -n '2,4s/^# //p' "$0"
    exit 2
fi
SCRIPT=$1
GPUS=$2
shift 2
ROOT="$(cd "$(dirname "$0")/.." && pwd)"
if [ "${NNODES:-1}" = 1 ] && [ -z "${PORT:-}" ]; then
    MEETING=(--standalone) # picks a free port, so that several jobs on one machine do not collide
else
    MEETING=(--nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}"
        --master_port="${PORT:-29500}")
fi
PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-python}" -m torch.distributed.run \
    "${MEETING[@]}" \
    --nproc_per_node="$GPUS" \
    "$ROOT/tools/$SCRIPT" "$@" --launcher pytorch
