# AVF-MAE++ Huge, stage 3: fine-tuning with the released recipe on a labelled list of your own (README.md).
# 521.3 M parameters, 276.7 GFLOP forward per clip. The released scripts use 4 GPUs x 40 clips = 160 a step.
_base_ = [
    './_base_/models/avfmae_h_finetune.py',
    './_base_/datasets/finetune_av.py',
    './_base_/stages/finetune.py',
    './default_runtime.py',
]
