# Corrections of the released models: masks that leave the same number of visible tokens in every region,
# tokens grouped by their true region, and each token's own position in the decoder. Same cost, same parameters.
# Used as `model = {{_base_.exact_regions}}`.
exact_regions = dict(
    masker=dict(
        video_encoder_mask=dict(
            _delete_=True, type='RegionBalancedMask', mask_ratio=0.9, region_size=(2, 5, 10), tube=True
        ),
        audio_encoder_mask=dict(_delete_=True, type='RegionBalancedMask', mask_ratio=0.8125, region_size=(4, 4)),
    ),
    video_encoder=dict(region_grouping='exact'),
    audio_encoder=dict(region_grouping='exact'),
    decoder_positions='exact',
)
