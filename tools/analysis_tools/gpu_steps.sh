#!/usr/bin/env bash
# Steps of all sizes of AVF-MAE++ and of HiCMAE Base on one GPU at the released clips per GPU: eager, as a CUDA graph, and with
# compiled blocks. Lines of JSON, as benchmark.py prints them.
#   tools/analysis_tools/gpu_steps.sh [further options of benchmark.py]
set -euo pipefail
ROOT="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$ROOT"
for job in configs/avfmae_{b:164,l:150,h:100} projects/hicmae/configs/hicmae_b:40; do
    blocks='ViTBlock CrossSelfBlock'
    [[ $job == configs/* ]] && blocks+=' LGIBlock CrossBlock'
    PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" "${PYTHON:-python}" tools/analysis_tools/benchmark.py \
        "${job%:*}_pretrain.py" --batch-size "${job#*:}" --dtype bf16 --optimizer \
        --graph --compile $blocks "$@"
done
