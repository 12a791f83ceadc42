# HiCMAE with the widths of the demo's model, pre-trained as it is.
_base_ = [
    '../../../hicmae/configs/_base_/hicmae_b.py',
    '../../../../configs/_base_/datasets/demo_unlabelled.py',
    '../../../../configs/_base_/stages/pretrain_tiny.py',
    '../../../../configs/default_runtime.py',
]

_encoder = dict(embed_dims=80, num_heads=4, depth=3, out_indices=(1, 2))
_decoder = dict(embed_dims=64, num_heads=8)
model = dict(
    masker=dict(encoder=dict(video=dict(mask_ratio=7 / 9))),
    encoders=dict(video=dict(**_encoder, input_size=(4, 96, 96)), audio=_encoder),
    correlation=dict(embed_dims=80, num_heads=4),
    decoders=dict(video=_decoder, audio=_decoder),
)
