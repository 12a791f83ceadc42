_base_ = ['../../configs/default_runtime.py']
custom_imports = dict(imports=['tests.helpers.tiny_eval'])

model = dict(type='ToldModel')
test_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='collate_usable'),
    dataset=dict(type='ToldDataset'),
)
test_cfg = dict(type='AVFTestLoop')
test_evaluator = dict(type='ClassificationMetric')
