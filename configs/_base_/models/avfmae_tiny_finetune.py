# The tiny AVF-MAE++ of the demo for the labelled stages: 1.9 M parameters. Base with other widths and depths.
_base_ = './avfmae_b_finetune.py'

_encoder = dict(embed_dims=80, num_heads=4, depth=3, drop_path_rate=0.0)
model = dict(
    video_encoder=_encoder,
    audio_encoder=_encoder,
    correlation=dict(embed_dims=80, num_heads=4, drop_path_rate=0.0),
)
