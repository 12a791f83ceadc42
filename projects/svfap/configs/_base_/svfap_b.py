# SVFAP Base for pre-training, as its paper has it (the released program sees hidden pixels: README.md): a temporal pyramid
# with bottleneck tokens, four plain decoder blocks, video alone.
custom_imports = dict(imports=['projects.svfap.encoder'], allow_failed_imports=False)
model = dict(
    type='MaskedAutoencoder',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    masker=dict(type='DualMasker', encoder=dict(video=dict(type='TubeMask', mask_ratio=0.9)), decoder=None),
    encoders=dict(
        video=dict(
            type='SVFAPEncoder',
            input_size=(16, 160, 160),
            patch_size=(2, 16, 16),
            embed_dims=512,
            num_heads=8,
            depths=(12, 6, 3),
            num_bottleneck=8,
        )
    ),
    decoders=dict(video=dict(type='MaskedDecoder', embed_dims=384, num_heads=6, depth=4)),
    targets=dict(video=dict(type='PatchTarget')),
)
