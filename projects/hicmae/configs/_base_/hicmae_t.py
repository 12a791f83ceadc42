# HiCMAE Tiny for pre-training. The release has no pre-training model of this size: the decoders' width is half the
# encoders', as in Small.
_base_ = './hicmae_b.py'

_encoder = dict(embed_dims=256, num_heads=4)
_decoder = dict(embed_dims=128, num_heads=2)
model = dict(
    encoders=dict(video=_encoder, audio=_encoder),
    correlation=_encoder,
    decoders=dict(video=_decoder, audio=_decoder),
)
