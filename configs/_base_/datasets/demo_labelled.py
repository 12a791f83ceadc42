"""Labelled synthetic clips for the tiny model: finetune_av.py with no augmentation of the frames but mirroring."""

_base_ = './finetune_av.py'

train_pipeline = [
    dict(type='OpenClip'),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadFrames'),
    dict(type='mmaction.Resize', scale=(160, 160), keep_ratio=False),
    dict(type='mmaction.Flip', flip_ratio=0.5),
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=8)
test_dataloader = dict(batch_size=8)
