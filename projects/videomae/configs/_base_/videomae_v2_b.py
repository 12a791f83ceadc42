# VideoMAE V2 Base for pre-training at 160 px: plain encoder and decoder, dual masking. Without decoder masks
# (--cfg-options model.masker.decoder=None) it is VideoMAE, which decodes all that the encoder does not see.
model = dict(
    type='MaskedAutoencoder',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    masker=dict(
        type='DualMasker',
        encoder=dict(video=dict(type='TubeMask', mask_ratio=0.9)),
        decoder=dict(video=dict(type='RunningCellMask', mask_ratio=0.5)),
    ),
    encoders=dict(
        video=dict(
            type='ViTEncoder',
            input_size=(16, 160, 160),
            patch_size=(2, 16, 16),
            embed_dims=768,
            num_heads=12,
            depth=12,
        )
    ),
    decoders=dict(video=dict(type='MaskedDecoder', embed_dims=384, num_heads=6, depth=4)),
    targets=dict(video=dict(type='PatchTarget')),
)
