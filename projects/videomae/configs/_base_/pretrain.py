# VideoMAE V2's pre-training: AVF-MAE++'s with other rates, numbers of epochs and warm-up.
_base_ = '../../../../configs/_base_/stages/pretrain.py'

train_cfg = dict(max_epochs=200)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=20, eta_min_ratio=1e-5 / 1e-3, by_epoch=True, convert_to_iter_based=True),
]
