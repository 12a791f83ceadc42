"""Fine-tuning data without frames, from sound files or the sound of videos; otherwise as finetune_av.py."""

_base_ = './finetune_av.py'

train_pipeline = [
    dict(type='OpenClip', modalities=('audio',)),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='SpecAugment', freq_mask=0, time_mask=0),
    dict(type='PackAVInputs'),
]
val_pipeline, test_pipeline = (
    [
        dict(type='OpenClip', modalities=('audio',)),
        dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=views, test_mode=True),
        dict(type='ReadAudio'),
        dict(type='LogMel', num_bins=128, num_frames=256),
        dict(type='PackAVInputs'),
    ]
    for views in (1, 2)
)

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
