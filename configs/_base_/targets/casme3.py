# CAS(ME)³ part A: list, classes and metrics (docs/targets.md).
# Generated from its card by tools/misc/write_target_configs.py.
_base_ = '../datasets/finetune_micro.py'

_classes = ['negative', 'positive', 'surprise']
_clips = dict(
    ann_file='lists/v2.csv',
    data_root='data/casme3',
    source='casme3',
    family='casme3',
    split=dict(column='subject', held_out=None),
    label_map=dict(
        negative='negative',
        positive='positive',
        surprise='surprise',
        happiness='positive',
        sadness='negative',
        disgust='negative',
        contempt='negative',
        fear='negative',
        anger='negative',
        repression='negative',
        other=None,
        others=None,
    ),
    metainfo=dict(classes=_classes),
)
train_dataloader = val_dataloader = test_dataloader = dict(dataset=_clips)

val_evaluator = test_evaluator = dict(type='ClassificationMetric', classes=_classes, metrics=['uf1', 'uar'], key='uf1')
