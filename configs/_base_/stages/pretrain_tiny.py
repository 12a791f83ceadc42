# Pre-training of the tiny model on few clips: pretrain.py with a rate for the batch as it is.
_base_ = './pretrain.py'

train_cfg = dict(max_epochs=6)
# the rate is for the actual batch; at 3e-3 the errors fall faster, but tokens grow to twenty times their size, and
# fine-tuning then changes them less than those of a new model
optim_wrapper = dict(dtype='float32', optimizer=dict(lr=1e-3), clip_grad=dict(max_norm=1.0))
auto_scale_lr = dict(enable=False)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=1, eta_min_ratio=0.01, by_epoch=True, convert_to_iter_based=True),
]
