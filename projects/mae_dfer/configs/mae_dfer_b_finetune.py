# MAE-DFER Base, fine-tuning on video: 84.9 M parameters with 11 classes, 99.3 GFLOP forward per clip. 3 GPUs x 32 clips =
# 96 a step. To be given a labelled list (README.md).
_base_ = [
    './_base_/mae_dfer_b_finetune.py',
    '../../../configs/_base_/datasets/finetune_video.py',
    '../../../configs/_base_/stages/finetune.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=32)
# as released, region tokens do not decay in fine-tuning
optim_wrapper = dict(paramwise_cfg=dict(no_decay=['region_tokens']))
