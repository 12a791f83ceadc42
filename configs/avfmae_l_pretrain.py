# AVF-MAE++ Large, stage 1: self-supervised pre-training on the hybrid of five corpora, as released.
# 336.3 M parameters, 47.0 GFLOP forward per clip. 8 GPUs x 150 clips = 1200 a step; learning rate 3e-4 x 1200 / 256 = 1.41e-3,
# 5 of 100 epochs warm-up, no clipping. Other numbers of GPUs or clips scale the rate automatically.
#
#   tools/dist_train.sh configs/avfmae_l_pretrain.py 8
_base_ = [
    './_base_/models/avfmae_l.py',
    './_base_/datasets/avfmae_hybrid.py',
    './_base_/stages/pretrain.py',
    './default_runtime.py',
]

train_dataloader = dict(batch_size=150)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=5, eta_min_ratio=1e-5 / 3e-4, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
