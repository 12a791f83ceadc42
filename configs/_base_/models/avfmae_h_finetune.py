# AVF-MAE++ Huge for the labelled stages: 521.3 M parameters with 11 classes, 276.7 GFLOP forward per clip of 16 frames
# at 160 x 160 and 2.56 s of sound. Base with other widths and depths.
_base_ = './avfmae_b_finetune.py'

_encoder = dict(embed_dims=768, num_heads=12, depth=15)
model = dict(video_encoder=_encoder, audio_encoder=_encoder, correlation=dict(embed_dims=768, num_heads=12))
