# HiCMAE Tiny, fine-tuning: 20.5 M parameters with 11 classes, 27.6 GFLOP forward per clip. 4 GPUs x 14 clips = 56 a step. To be
# given a labelled list (README.md).
_base_ = [
    './_base_/hicmae_t_finetune.py',
    '../../../configs/_base_/datasets/finetune_av.py',
    '../../../configs/_base_/stages/finetune.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=14)
