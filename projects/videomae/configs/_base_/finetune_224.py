# Fine-tuning data without sound at 224 px; all else as in finetune_video.py.
_base_ = '../../../../configs/_base_/datasets/finetune_video.py'

_augment = dict(
    type='PerView',
    transforms=[
        dict(step, scale=(224, 224)) if 'scale' in step else dict(step) for step in _base_.frame_augment.transforms
    ],
)
_resize = dict(type='ResizeCrops', size=224, num_crops=1)

train_pipeline = [
    dict(type='OpenClip', modalities=('video',)),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadFrames'),
    _augment,
    dict(type='PackAVInputs'),
]
val_pipeline, test_pipeline = (
    [
        dict(type='OpenClip', modalities=('video',)),
        dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=views, test_mode=True),
        dict(type='ReadFrames'),
        _resize,
        dict(type='PackAVInputs'),
    ]
    for views in (1, 2)
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
