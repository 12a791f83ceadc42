# Werewolf-XL: list, classes and metrics (docs/targets.md).
# Generated from its card by tools/misc/write_target_configs.py.
_base_ = '../datasets/finetune_av.py'

_clips = dict(
    ann_file='lists/all.csv',
    data_root='data/werewolf_xl',
    source='werewolf_xl',
    family='werewolf_xl',
    split=dict(column='fold', held_out=None),
    label_columns=['arousal', 'valence', 'dominance'],
)
train_dataloader, val_dataloader, test_dataloader = (
    dict(
        dataset=dict(
            **_clips,
            pipeline=[
                dict(step, frame_interval=3) if step['type'] == 'SampleWindow' else step
                for step in _base_[loader]['dataset']['pipeline']
            ],
        )
    )
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader')
)

val_evaluator = test_evaluator = dict(
    type='RegressionMetric',
    dims=['arousal', 'valence', 'dominance'],
    metrics=['pcc', 'ccc', 'rmse'],
    key='ccc',
)
