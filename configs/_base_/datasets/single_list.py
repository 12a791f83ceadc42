"""Pre-training data: one list of clips of your own.

Set `ann_file` (CSV `video,audio,label` or a space-separated list; docs/data.md) and `data_root` (folder that its paths
are relative to), here or by
    --cfg-options train_dataloader.dataset.ann_file=LIST train_dataloader.dataset.data_root=FOLDER
16 frames at stride 4 (2.56 s at 25 fps), multi-scale crop to 160 px; log-mel 256 x 128 of the same time.
"""

frame_augment = dict(
    type='PerView',
    transforms=[
        dict(type='mmaction.MultiScaleCrop', input_size=160, scales=(1, 0.875, 0.75, 0.66), num_fixed_crops=13),
        dict(type='mmaction.Resize', scale=(160, 160), keep_ratio=False),
    ],
)

train_pipeline = [
    dict(type='OpenClip'),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadFrames'),
    dict(type='ReadAudio'),
    frame_augment,
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='PackAVInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers='auto',  # cores / processes of the machine, at most 10
    persistent_workers=True,
    prefetch_factor=4,
    pin_memory=True,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='AVClipDataset',
        ann_file='lists/pretrain.csv',
        data_root='data/my_clips',
        on_bad='skip',
        max_bad_ratio=0.01,
        pipeline=train_pipeline,
    ),
)
