# VideoMAE V2 Small for pre-training at 160 px.
_base_ = './videomae_v2_b.py'

model = dict(
    encoders=dict(video=dict(embed_dims=384, num_heads=6, depth=12)),
    decoders=dict(video=dict(embed_dims=192, num_heads=3)),
)
