# The tiny AVF-MAE++ of the demo for the labelled stages: 2.1 M parameters. Base with other widths and depths, and four
# frames of a clip in place of sixteen: a quarter of the cost, and pre-trained weights fit all the same.
_base_ = './avfmae_b_finetune.py'

_encoder = dict(embed_dims=80, num_heads=4, depth=3, drop_path_rate=0.0)
model = dict(
    video_encoder=dict(**_encoder, input_size=(4, 160, 160), region_size=(1, 5, 5)),
    audio_encoder=_encoder,
    correlation=dict(embed_dims=80, num_heads=4, drop_path_rate=0.0, refinement=dict(own_norms=True)),
)
