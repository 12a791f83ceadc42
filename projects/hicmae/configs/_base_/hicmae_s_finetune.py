# HiCMAE Small for the labelled stages: Base with other widths.
_base_ = './hicmae_b_finetune.py'

_encoder = dict(embed_dims=384, num_heads=6)
model = dict(video_encoder=_encoder, audio_encoder=_encoder, correlation=_encoder)
