# HiCMAE Small for pre-training.
_base_ = './hicmae_b.py'

_encoder = dict(embed_dims=384, num_heads=6)
_decoder = dict(embed_dims=192, num_heads=3)
model = dict(
    encoders=dict(video=_encoder, audio=_encoder),
    correlation=_encoder,
    decoders=dict(video=_decoder, audio=_decoder),
)
