# AVF-MAE++ Base, stage 3: fine-tuning with the released recipe on a labelled list of your own (README.md).
# 169.1 M parameters, 83.6 GFLOP forward per clip. The released scripts use 4 GPUs x 40 clips = 160 a step.
_base_ = [
    './_base_/models/avfmae_b_finetune.py',
    './_base_/datasets/finetune_av.py',
    './_base_/stages/finetune.py',
    './default_runtime.py',
]
