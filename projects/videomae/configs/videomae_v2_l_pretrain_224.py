# VideoMAE V2 Large, pre-training at 224 px: 317.8 M parameters, 132.1 GFLOP forward per clip (136.5 with hidden patches
# embedded). 48 GPUs x 32 clips = 1536 a step, rate 1e-3 x 1536 / 256, 30 of 300 epochs warm-up, four views of each
# clip.
#
#   tools/dist_train.sh projects/videomae/configs/videomae_v2_l_pretrain_224.py 8
_base_ = [
    './_base_/videomae_v2_l.py',
    './_base_/single_list_224.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=dict(data_root='data/my_clips'))
model = dict(encoders=dict(video=dict(input_size=(16, 224, 224))))
train_cfg = dict(max_epochs=300)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=30, eta_min_ratio=1e-5 / 1e-3, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
