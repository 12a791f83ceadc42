# VideoMAE V2 Large for pre-training at 160 px.
_base_ = './videomae_v2_b.py'

model = dict(
    encoders=dict(video=dict(embed_dims=1024, num_heads=16, depth=24)),
    decoders=dict(video=dict(embed_dims=512, num_heads=8)),
)
