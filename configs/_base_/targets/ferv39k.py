# FERV39k: list, classes and metrics (docs/targets.md).
# Generated from its card by tools/misc/write_target_configs.py.
_base_ = '../datasets/finetune_video.py'

_classes = ['happy', 'sad', 'neutral', 'angry', 'surprise', 'disgust', 'fear']
_clips = dict(
    ann_file='lists/all.csv',
    data_root='data/ferv39k',
    source='ferv39k',
    family='ferv39k',
    split=dict(column='fold', held_out='test'),
    metainfo=dict(classes=_classes),
)
train_dataloader, val_dataloader, test_dataloader = (
    dict(
        dataset=dict(
            **_clips,
            pipeline=[
                dict(step, frame_interval=1) if step['type'] == 'SampleWindow' else step
                for step in _base_[loader]['dataset']['pipeline']
            ],
        )
    )
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader')
)

val_evaluator = test_evaluator = dict(
    type='ClassificationMetric',
    classes=_classes,
    metrics=['war', 'uar', 'wa_f1', 'macro_f1'],
    key='war',
)
