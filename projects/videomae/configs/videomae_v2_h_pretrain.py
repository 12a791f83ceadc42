# VideoMAE V2 Huge, pre-training at 160 px: 645.7 M parameters, 116.7 GFLOP forward per clip (119.6 with hidden patches
# embedded). 64 GPUs x 32 clips = 2048 a step, rate 1e-3 x 2048 / 256, 30 of 300 epochs warm-up, four views of each
# clip.
#
#   tools/dist_train.sh projects/videomae/configs/videomae_v2_h_pretrain.py 8
_base_ = [
    './_base_/videomae_v2_h.py',
    '../../../configs/_base_/datasets/single_list_video.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=dict(data_root='data/my_clips'))
train_cfg = dict(max_epochs=300)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=30, eta_min_ratio=1e-5 / 1e-3, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
