# AVF-MAE++ Large for pre-training: 336.3 M parameters, 47.0 GFLOP forward per clip of 16 frames at 160 x 160 and 2.56 s
# of sound. Base with other widths and depths.
_base_ = './avfmae_b.py'

_encoder = dict(embed_dims=640, num_heads=10, depth=12, out_indices=(3, 7, 11))
_decoder = dict(embed_dims=512, num_heads=8)
model = dict(
    video_encoder=_encoder,
    audio_encoder=_encoder,
    correlation=dict(embed_dims=640, num_heads=10),
    video_decoder=_decoder,
    audio_decoder=_decoder,
)
