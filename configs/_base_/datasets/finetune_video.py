"""Fine-tuning data without sound; otherwise as finetune_av.py."""

_base_ = './finetune_av.py'

train_pipeline = [
    dict(type='OpenClip', modalities=('video',)),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadFrames'),
    {{_base_.frame_augment}},
    dict(type='PackAVInputs'),
]
val_pipeline, test_pipeline = (
    [
        dict(type='OpenClip', modalities=('video',)),
        dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=views, test_mode=True),
        dict(type='ReadFrames'),
        {{_base_.frame_resize}},
        dict(type='PackAVInputs'),
    ]
    for views in (1, 2)
)

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
