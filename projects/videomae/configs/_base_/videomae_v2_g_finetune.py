# VideoMAE V2 giant for the labelled stages: Base with other widths, depths and patches.
_base_ = './videomae_v2_b_finetune.py'

model = dict(
    video_encoder=dict(
        input_size=(16, 224, 224),
        patch_size=(2, 14, 14),
        embed_dims=1408,
        num_heads=16,
        depth=40,
        mlp_ratio=48 / 11,
        drop_path_rate=0.25,
    ),
    head=dict(dropout=0.5),
)
