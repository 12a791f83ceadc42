# VideoMAE V2 Huge for the labelled stages: Base with other widths and depths.
_base_ = './videomae_v2_b_finetune.py'

model = dict(
    video_encoder=dict(embed_dims=1280, num_heads=16, depth=32, drop_path_rate=0.2),
    head=dict(dropout=0.5),
)
