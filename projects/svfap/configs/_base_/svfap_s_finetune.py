# SVFAP Small for the labelled stages: Base with other widths and depths.
_base_ = './svfap_b_finetune.py'

model = dict(video_encoder=dict(embed_dims=384, num_heads=6, depths=(8, 4, 2)))
