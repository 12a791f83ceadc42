# SVFAP with the widths of the demo's model, pre-trained as it is.
_base_ = [
    '../../../svfap/configs/_base_/svfap_b.py',
    '../../../../configs/_base_/datasets/demo_unlabelled.py',
    '../../../../configs/_base_/stages/pretrain_tiny.py',
    '../../../../configs/default_runtime.py',
]
from mmavf.datasets.targets import one_modality_loaders

model = dict(
    masker=dict(encoder=dict(video=dict(mask_ratio=7 / 9))),
    encoders=dict(video=dict(embed_dims=80, num_heads=4, depths=(1, 2, 2), input_size=(8, 96, 96))),
    decoders=dict(video=dict(embed_dims=64, num_heads=8, depth=3)),
)

# its pyramid halves the slices twice, so that it needs eight frames where the others have four
_loaders = one_modality_loaders(_base_, 'video')
for _loader in _loaders.values():
    _window = next(step for step in _loader['dataset']['pipeline'] if step['type'] == 'SampleWindow')
    _window.update(clip_len=8, frame_interval=8)
globals().update(_loaders)
