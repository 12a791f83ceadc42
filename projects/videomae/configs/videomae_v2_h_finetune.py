# VideoMAE V2 Huge, fine-tuning on video at 160 px: 631.6 M parameters with 11 classes, 1114.6 GFLOP forward per clip.
# To be given a labelled list (README.md). Rate and layer decay are those published for Kinetics; no affective recipe of
# the authors is public.
_base_ = [
    './_base_/videomae_v2_h_finetune.py',
    '../../../configs/_base_/datasets/finetune_video.py',
    '../../../configs/_base_/stages/finetune.py',
    '../../../configs/default_runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=1e-3), paramwise_cfg=dict(layer_decay_rate=0.8))
train_dataloader = dict(batch_size=8)
