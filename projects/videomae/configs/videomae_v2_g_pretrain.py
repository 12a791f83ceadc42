# VideoMAE V2 giant, pre-training at 224 px: 1026.3 M parameters, 477.1 GFLOP forward per clip (483.2 with hidden
# patches embedded). 64 GPUs x 32 clips = 2048 a step, rate 6e-4 x 2048 / 256, 30 of 300 epochs warm-up, four views of
# each clip.
#
#   tools/dist_train.sh projects/videomae/configs/videomae_v2_g_pretrain.py 8
_base_ = [
    './_base_/videomae_v2_g.py',
    './_base_/single_list_224.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=dict(data_root='data/my_clips'))
train_cfg = dict(max_epochs=300)
optim_wrapper = dict(optimizer=dict(lr=6e-4), clip_grad=dict(max_norm=0.02))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=30, eta_min_ratio=1e-5 / 6e-4, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
