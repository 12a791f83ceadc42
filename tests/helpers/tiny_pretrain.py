_base_ = ['../../configs/default_runtime.py', '../../configs/_base_/stages/pretrain.py']
custom_imports = dict(imports=['tests.helpers.tiny'])

model = dict(type='TinyModel')
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='TinyDataset', length=22),
)
train_cfg = dict(max_epochs=3)
optim_wrapper = dict(
    dtype='float32', optimizer=dict(lr=1.0), paramwise_cfg=dict(no_decay=['audio_mask_token'], _delete_=True)
)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=1, eta_min_ratio=0.1, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(logger=dict(interval=3), checkpoint=dict(iter_interval=4, max_keep_ckpts=-1))
# The usual ones but for the picture of the losses, which takes longer than the training.
custom_hooks = _base_.custom_hooks[:2] + [dict(type='KillHook', after=0)]
