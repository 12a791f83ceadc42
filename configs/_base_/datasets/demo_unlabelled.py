"""Clips without labels for the tiny model: single_list.py with four small frames instead of sixteen, over the same time."""

_base_ = './single_list.py'

# two windows from each reading of a file, because reading takes as long as the tiny model; always the middle of the
# frame, because in so short a training the model learns better if the face stays in place
train_pipeline = [
    dict(type='OpenClip'),
    dict(type='SampleWindow', clip_len=4, frame_interval=16, num_clips=2),
    dict(type='ReadFrames'),
    dict(type='ReadAudio'),
    dict(type='mmaction.Resize', scale=(137, 137), keep_ratio=False),
    dict(type='mmaction.CenterCrop', crop_size=96),
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(
    batch_size=8,
    dataset=dict(ann_file='lists/pretrain.csv', data_root='demo/data', pipeline=train_pipeline),
)
