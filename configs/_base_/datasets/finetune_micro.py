"""Fine-tuning data of micro-expressions: 16 frames spread over the whole clip from onset to offset, without sound.

Otherwise as finetune_video.py; the test has one view, because a view is the whole clip.
"""

_base_ = './finetune_video.py'

train_pipeline = [
    dict(type='OpenClip', modalities=('video',)),
    dict(type='SampleSegments', clip_len=16),
    dict(type='ReadFrames'),
    {{_base_.frame_augment}},
    dict(type='PackAVInputs'),
]
val_pipeline = test_pipeline = [
    dict(type='OpenClip', modalities=('video',)),
    dict(type='SampleSegments', clip_len=16, test_mode=True),
    dict(type='ReadFrames'),
    {{_base_.frame_resize}},
    dict(type='PackAVInputs'),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
