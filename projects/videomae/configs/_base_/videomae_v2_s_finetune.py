# VideoMAE V2 Small for the labelled stages: Base with other widths.
_base_ = './videomae_v2_b_finetune.py'

model = dict(video_encoder=dict(embed_dims=384, num_heads=6))
