# SAMM + CASME II + SMIC-HS: list, classes and metrics (docs/targets.md).
# Generated from its card by tools/misc/write_target_configs.py.
_base_ = '../datasets/finetune_micro.py'

_classes = ['negative', 'positive', 'surprise']
_label_map = dict(
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
)
_lists = [
    dict(
        ann_file='lists/all.csv',
        data_root='data/samm',
        source='samm',
        family='samm',
        label_map=_label_map,
        metainfo=dict(classes=_classes),
    ),
    dict(
        ann_file='lists/all.csv',
        data_root='data/casme2',
        source='casme2',
        family='casme2',
        label_map=_label_map,
        metainfo=dict(classes=_classes),
    ),
    dict(
        ann_file='lists/all.csv',
        data_root='data/smic',
        source='smic',
        family='smic',
        label_map=_label_map,
        metainfo=dict(classes=_classes),
    ),
]
train_dataloader, val_dataloader, test_dataloader = (
    dict(
        dataset=dict(
            _delete_=True,
            type='ConcatClipDataset',
            datasets=[
                dict(dataset, **clips, split=dict(dataset['split'], column='subject', held_out=None))
                for clips in _lists
            ],
        )
    )
    for dataset in (_base_[loader]['dataset'] for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'))
)

val_evaluator = test_evaluator = dict(
    type='ClassificationMetric',
    classes=_classes,
    metrics=['uf1', 'uar'],
    key='uf1',
    part_by='source',
)
