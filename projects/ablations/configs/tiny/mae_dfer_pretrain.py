# MAE-DFER with the widths of the demo's model, pre-trained as it is.
_base_ = [
    '../../../mae_dfer/configs/_base_/mae_dfer_b.py',
    '../../../../configs/_base_/datasets/demo_unlabelled.py',
    '../../../../configs/_base_/stages/pretrain_tiny.py',
    '../../../../configs/default_runtime.py',
]
from mmavf.datasets.targets import one_modality_loaders

model = dict(
    masker=dict(encoder=dict(video=dict(mask_ratio=7 / 9, region_size=(1, 3, 3)))),
    encoders=dict(
        video=dict(embed_dims=80, num_heads=4, depth=3, input_size=(4, 96, 96), region_size=(1, 3, 3)),
    ),
    decoders=dict(video=dict(embed_dims=64, num_heads=8, depth=3)),
)
globals().update(one_modality_loaders(_base_, 'video'))
