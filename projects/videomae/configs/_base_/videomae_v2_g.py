# VideoMAE V2 giant for pre-training: patches of 14 x 14, so 224 px.
_base_ = './videomae_v2_b.py'

model = dict(
    encoders=dict(
        video=dict(
            input_size=(16, 224, 224),
            patch_size=(2, 14, 14),
            embed_dims=1408,
            num_heads=16,
            depth=40,
            mlp_ratio=48 / 11,
        )
    ),
    decoders=dict(video=dict(embed_dims=512, num_heads=8, mlp_ratio=48 / 11)),
)
