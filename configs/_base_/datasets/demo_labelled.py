"""Labelled clips for the tiny model: finetune_av.py with four small frames instead of sixteen, over the same time,
and only mirroring as augmentation of the frames.
"""

_base_ = './finetune_av.py'

_window = dict(type='SampleWindow', clip_len=4, frame_interval=16)
_resize = dict(type='mmaction.Resize', scale=(137, 137), keep_ratio=False)
_crop = dict(type='mmaction.CenterCrop', crop_size=96)
_log_mel = dict(type='LogMel', num_bins=128, num_frames=256)
train_pipeline = [
    dict(type='OpenClip'),
    _window,
    dict(type='ReadFrames'),
    _resize,
    _crop,
    dict(type='mmaction.Flip', flip_ratio=0.5),
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    _log_mel,
    dict(type='PackAVInputs'),
]
val_pipeline, test_pipeline = (
    [
        dict(type='OpenClip'),
        dict(**_window, num_clips=views, test_mode=True),
        dict(type='ReadFrames'),
        _resize,
        _crop,
        dict(type='ReadAudio'),
        _log_mel,
        dict(type='PackAVInputs'),
    ]
    for views in (1, 2)
)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=8, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=8, dataset=dict(pipeline=test_pipeline))
