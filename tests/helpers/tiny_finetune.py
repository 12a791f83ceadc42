_base_ = ['../../configs/default_runtime.py', '../../configs/_base_/stages/finetune.py']
custom_imports = dict(imports=['tests.helpers.tiny', 'tests.helpers.tiny_folds'])

model = dict(type='TinyClassifier')
_split = dict(column='fold', held_out=None)
_test_loader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='TinyFolds', family='tiny', split=dict(_split, part='test')),
)
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='KeyedSampler'),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='TinyFolds', family='tiny', split=dict(_split, part='train')),
)
val_dataloader = _test_loader
test_dataloader = _test_loader
val_evaluator = dict(type='TinyAccuracy')
test_evaluator = dict(type='ClassificationMetric', resamples=20)

train_cfg = dict(max_epochs=3)
optim_wrapper = dict(dtype='float32', optimizer=dict(lr=1.0), paramwise_cfg=dict(_delete_=True))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=1, eta_min_ratio=0.1, by_epoch=True, convert_to_iter_based=True),
]
protocol = dict(target='tiny')
default_hooks = dict(logger=dict(interval=6), checkpoint=dict(iter_interval=4, max_keep_ckpts=-1))
# The usual ones but for the picture of the losses, which takes longer than the training.
custom_hooks = _base_.custom_hooks[:2] + [dict(type='KillHook', after=0)]
