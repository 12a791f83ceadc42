# AVF-MAE++ Large for the labelled stages: 303.2 M parameters with 11 classes, 155.0 GFLOP forward per clip of 16 frames
# at 160 x 160 and 2.56 s of sound. Base with other widths and depths.
_base_ = './avfmae_b_finetune.py'

_encoder = dict(embed_dims=640, num_heads=10, depth=12)
model = dict(video_encoder=_encoder, audio_encoder=_encoder, correlation=dict(embed_dims=640, num_heads=10))
