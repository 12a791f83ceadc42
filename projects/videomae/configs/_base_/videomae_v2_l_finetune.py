# VideoMAE V2 Large for the labelled stages: Base with other widths and depths.
_base_ = './videomae_v2_b_finetune.py'

model = dict(video_encoder=dict(embed_dims=1024, num_heads=16, depth=24, drop_path_rate=0.2))
