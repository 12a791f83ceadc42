# One list of clips of your own, video alone, at 224 px.
_base_ = '../../../../configs/_base_/datasets/single_list_video.py'

train_pipeline = [
    dict(type='OpenClip', modalities=('video',)),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadFrames'),
    dict(
        type='PerView',
        transforms=[
            dict(type='mmaction.MultiScaleCrop', input_size=224, scales=(1, 0.875, 0.75, 0.66), num_fixed_crops=13),
            dict(type='mmaction.Resize', scale=(224, 224), keep_ratio=False),
        ],
    ),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
