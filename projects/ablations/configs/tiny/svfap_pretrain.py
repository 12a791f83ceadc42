# SVFAP with the widths of the demo's model, pre-trained as it is.
_base_ = [
    '../../../svfap/configs/_base_/svfap_b.py',
    '../../../../configs/_base_/datasets/demo_unlabelled.py',
    '../../../../configs/_base_/stages/pretrain_tiny.py',
    '../../../../configs/default_runtime.py',
]

model = dict(
    masker=dict(encoder=dict(video=dict(mask_ratio=7 / 9))),
    encoders=dict(video=dict(embed_dims=80, num_heads=4, depths=(1, 2, 2), input_size=(8, 96, 96))),
    decoders=dict(video=dict(embed_dims=64, num_heads=8, depth=3)),
)

# its pyramid halves the slices twice, so that it needs eight frames where the others have four
_window = dict(type='SampleWindow', clip_len=8, frame_interval=8, num_clips=2)
_pipeline = [_window if step['type'] == 'SampleWindow' else step for step in _base_.train_pipeline]
train_dataloader = dict(dataset=dict(pipeline=_pipeline))
