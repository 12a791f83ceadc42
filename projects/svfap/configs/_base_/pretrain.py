# SVFAP's pre-training: AVF-MAE++'s with another rate, number of epochs and warm-up.
_base_ = '../../../../configs/_base_/stages/pretrain.py'

train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=5, eta_min_ratio=1e-5 / 3e-4, by_epoch=True, convert_to_iter_based=True),
]
