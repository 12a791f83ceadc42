# Fine-tuning of the tiny model on few clips: finetune.py with a rate for the batch as it is, the same for all layers.
_base_ = './finetune.py'

optim_wrapper = dict(
    dtype='float32',  # bfloat16 gains nothing at this width
    optimizer=dict(lr=1e-3),
    clip_grad=dict(max_norm=1.0),
    paramwise_cfg=dict(layer_decay_rate=1.0),
)
auto_scale_lr = dict(enable=False)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=1, eta_min_ratio=0.01, by_epoch=True, convert_to_iter_based=True),
]
