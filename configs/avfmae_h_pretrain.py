# AVF-MAE++ Huge, stage 1: self-supervised pre-training on the hybrid of five corpora, as released.
# 572.7 M parameters, 76.2 GFLOP forward per clip. 8 GPUs x 100 clips = 800 a step; learning rate 2e-4 x 800 / 256 = 6.25e-4,
# 10 of 100 epochs warm-up, gradients clipped at norm 0.7. Other numbers of GPUs or clips scale the rate automatically.
#
#   tools/dist_train.sh configs/avfmae_h_pretrain.py 8
_base_ = [
    './_base_/models/avfmae_h.py',
    './_base_/datasets/avfmae_hybrid.py',
    './_base_/stages/pretrain.py',
    './default_runtime.py',
]

train_dataloader = dict(batch_size=100)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=2e-4), clip_grad=dict(max_norm=0.7))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=10, eta_min_ratio=1e-5 / 2e-4, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
