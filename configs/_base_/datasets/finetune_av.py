"""Fine-tuning data: one labelled list, split by its column `fold` (docs/data.md), with video and sound.

A leaf config sets `data_root` and `metainfo.classes` (or `label_columns`) of the three data sets; `--fold` selects the
held-out fold. Training: the released augmentation of the frames, and a random gain of the sound. Validation: the middle
window. Test: two windows, the first and the last; with three crops of each, six views:

    tools/test.py CONFIG CHECKPOINT --cfg-options test_dataloader.dataset.pipeline.3.num_crops=3

(for each part of a composite, `test_dataloader.dataset.datasets.0.pipeline...`).
"""

frame_augment = dict(
    type='PerView',
    transforms=[
        dict(type='mmaction.RandomResizedCrop', area_range=(0.08, 1.0), aspect_ratio_range=(0.75, 4 / 3)),
        dict(type='mmaction.Resize', scale=(160, 160), keep_ratio=False, interpolation='bicubic'),
        dict(type='mmaction.Flip', flip_ratio=0.5),
        dict(type='RandAugment', num_ops=4, magnitude=7, magnitude_std=0.5),
        dict(
            type='mmaction.RandomErasing',
            erase_prob=0.25,
            mode='rand',
            fill_color=(123.675, 116.28, 103.53),
            fill_std=(58.395, 57.12, 57.375),
        ),
    ],
)
frame_resize = dict(type='ResizeCrops', size=160, num_crops=1)

train_pipeline = [
    dict(type='OpenClip'),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='ReadFrames'),
    frame_augment,
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='SpecAugment', freq_mask=0, time_mask=0),
    dict(type='PackAVInputs'),
]
val_pipeline, test_pipeline = (
    [
        dict(type='OpenClip'),
        dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=views, test_mode=True),
        dict(type='ReadFrames'),
        frame_resize,
        dict(type='ReadAudio'),
        dict(type='LogMel', num_bins=128, num_frames=256),
        dict(type='PackAVInputs'),
    ]
    for views in (1, 2)
)

_list = dict(type='AVClipDataset', ann_file='lists/all.csv', data_root='data/my_clips')
_loader = dict(batch_size=16, num_workers='auto', persistent_workers=True, prefetch_factor=4, pin_memory=True)

train_dataloader = dict(
    **_loader,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        **_list, split=dict(column='fold', held_out=None, part='train'), on_bad='raise', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    **_loader,
    collate_fn=dict(type='collate_usable'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**_list, split=dict(column='fold', held_out=None, part='val'), test_mode=True, pipeline=val_pipeline),
)
test_dataloader = dict(
    **_loader,
    collate_fn=dict(type='collate_usable'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        **_list, split=dict(column='fold', held_out=None, part='test'), test_mode=True, pipeline=test_pipeline
    ),
)
