# AVF-MAE++ Huge for pre-training: 572.7 M parameters, 76.2 GFLOP forward per clip of 16 frames at 160 x 160 and 2.56 s
# of sound. Base with other widths and depths.
_base_ = './avfmae_b.py'

_encoder = dict(embed_dims=768, num_heads=12, depth=15, out_indices=(4, 9, 14))
_decoder = dict(embed_dims=640, num_heads=8)
model = dict(
    video_encoder=_encoder,
    audio_encoder=_encoder,
    correlation=dict(embed_dims=768, num_heads=12),
    video_decoder=_decoder,
    audio_decoder=_decoder,
)
