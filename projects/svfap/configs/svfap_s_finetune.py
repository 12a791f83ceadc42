# SVFAP Small, fine-tuning on video: 29.7 M parameters with 7 classes, 36.1 GFLOP forward per clip. 4 GPUs x 16 clips = 64 a
# step. To be given a labelled list (README.md).
_base_ = [
    './_base_/svfap_s_finetune.py',
    '../../../configs/_base_/datasets/finetune_video.py',
    '../../../configs/_base_/stages/finetune.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=16)
