# eNTERFACE05: list, classes and metrics (docs/targets.md).
# Generated from its card by tools/misc/write_target_configs.py.
_base_ = '../datasets/finetune_av.py'

_classes = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise']
_clips = dict(
    ann_file='lists/all.csv',
    data_root='data/enterface05',
    source='enterface05',
    family='enterface05',
    split=dict(column='fold', held_out=None),
    metainfo=dict(classes=_classes),
)
train_dataloader = val_dataloader = test_dataloader = dict(dataset=_clips)

val_evaluator = test_evaluator = dict(
    type='ClassificationMetric',
    classes=_classes,
    metrics=['war', 'uar', 'wa_f1', 'macro_f1'],
    key='war',
)
