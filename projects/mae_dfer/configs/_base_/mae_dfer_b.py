# MAE-DFER Base for pre-training: the local-global encoder without stage IV, four plain decoder blocks, video alone. Every
# region keeps as many visible tokens, the same in all slices.
model = dict(
    type='MaskedAutoencoder',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    masker=dict(
        type='DualMasker',
        encoder=dict(video=dict(type='RegionBalancedMask', mask_ratio=0.9, region_size=(2, 5, 10), tube=True)),
        decoder=None,
    ),
    encoders=dict(
        video=dict(
            type='ImprovedLGIEncoder',
            input_size=(16, 160, 160),
            patch_size=(2, 16, 16),
            region_size=(2, 5, 10),
            embed_dims=512,
            num_heads=8,
            depth=16,
            stage_iv=False,
        )
    ),
    decoders=dict(video=dict(type='MaskedDecoder', embed_dims=384, num_heads=6, depth=4)),
    targets=dict(video=dict(type='PatchTarget', frame_difference=True)),
    decoder_positions='released',  # 'exact' gives each visible token its own position
)
