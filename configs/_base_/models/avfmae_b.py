# AVF-MAE++ Base for pre-training: 187.9 M parameters, 27.1 GFLOP forward per clip of 16 frames at 160 x 160 and 2.56 s
# of sound.
_video = dict(input_size=(16, 160, 160), patch_size=(2, 16, 16))
_audio = dict(input_size=(256, 128), patch_size=(16, 16))
_mean, _std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet, for pixels in [0, 1]
_encoder = dict(type='ImprovedLGIEncoder', embed_dims=512, num_heads=8, depth=10, out_indices=(3, 6, 9))
_decoder = dict(type='MaskedDecoder', embed_dims=384, num_heads=6, num_skips=3)

model = dict(
    type='AVFMAEPretrainer',
    data_preprocessor=dict(type='AVDataPreprocessor', mean=_mean, std=_std),
    masker=dict(
        type='AVDualMasker',
        video_encoder_mask=dict(type='TubeMask', mask_ratio=0.9),
        video_decoder_mask=dict(type='RunningCellMask', mask_ratio=0.5),
        audio_encoder_mask=dict(type='RandomMask', mask_ratio=0.8125),
        audio_decoder_mask=dict(type='RandomMask', mask_ratio=0.5),
    ),
    video_encoder=dict(**_encoder, **_video, region_size=(2, 5, 10), in_channels=3),
    audio_encoder=dict(**_encoder, **_audio, region_size=(4, 4), in_channels=1),
    correlation=dict(
        type='IAVCLHead',
        embed_dims=512,
        num_heads=8,
        num_units=2,
        unit=dict(type='DiERUnit'),
        refinement=dict(type='EvolutionaryRefinement'),
        hafe=dict(type='HAFELayer'),
    ),
    video_decoder=dict(**_decoder, **_video, out_channels=1536),
    audio_decoder=dict(**_decoder, **_audio, out_channels=256),
    video_target=dict(type='PatchTarget', patch_size=(2, 16, 16), mean=_mean, std=_std, frame_difference=True),
    audio_target=dict(type='PatchTarget', patch_size=(16, 16)),
    reconstruction_loss=dict(type='MaskedMSELoss'),
    contrastive_loss=dict(type='HCMCLLoss', temperature=0.07, loss_weight=0.0025, gather=False),
    decoder_positions='released',
)
