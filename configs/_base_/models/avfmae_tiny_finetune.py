# The tiny AVF-MAE++ of the demo for the labelled stages: 2.1 M parameters. Base with other widths and depths, and four
# frames of 96 x 96 instead of sixteen of 160 x 160, as in its pre-training.
_base_ = './avfmae_b_finetune.py'

_encoder = dict(embed_dims=80, num_heads=4, depth=3, drop_path_rate=0.0)
model = dict(
    video_encoder=dict(**_encoder, input_size=(4, 96, 96), region_size=(1, 3, 3)),
    audio_encoder=_encoder,
    correlation=dict(embed_dims=80, num_heads=4, drop_path_rate=0.0, refinement=dict(own_norms=True)),
)
