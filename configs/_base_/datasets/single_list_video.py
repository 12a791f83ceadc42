"""Pre-training data without sound: one list of clips of your own; all else as in single_list.py."""

_base_ = './single_list.py'

train_pipeline = [
    dict(type='OpenClip', modalities=('video',)),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadFrames'),
    {{_base_.frame_augment}},
    dict(type='PackAVInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
