# HiCMAE Base for pre-training: plain encoders of both modalities, contrast of three layers, fusion by cross-attention,
# decoders with skips; what an encoder does not see is decoded, all of it.
_encoder = dict(type='ViTEncoder', embed_dims=512, num_heads=8, depth=10, out_indices=(3, 6, 9))
_decoder = dict(type='MaskedDecoder', embed_dims=384, num_heads=6)

model = dict(
    type='MaskedAutoencoder',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    masker=dict(
        type='DualMasker',
        encoder=dict(video=dict(type='TubeMask', mask_ratio=0.9), audio=dict(type='RandomMask', mask_ratio=0.8)),
        decoder=None,
    ),
    encoders=dict(
        video=dict(**_encoder, input_size=(16, 160, 160), patch_size=(2, 16, 16), in_channels=3),
        audio=dict(**_encoder, input_size=(256, 128), patch_size=(16, 16), in_channels=1),
    ),
    correlation=dict(type='CrossFusion', embed_dims=512, num_heads=8, num_units=2),
    decoders=dict(video=_decoder, audio=_decoder),
    targets=dict(video=dict(type='PatchTarget', frame_difference=True), audio=dict(type='PatchTarget')),
    contrastive_loss=dict(type='HCMCLLoss', temperature=0.07, loss_weight=0.0025),
)
