# A tiny AVF-MAE++ for a first run, for tests and for machines without a GPU: 2.6 M parameters, about 0.1 s a step at
# batch 2 on two cores. It has every part of the large models: dual masking, all stages of the encoder, the
# correlation module, decoders with skips. It uses four frames of 96 x 96 instead of sixteen of 160 x 160, so that
# minutes are enough for thousands of steps, and hides fewer of their patches, because there are fewer.
#
#   python tools/data/make_synthetic.py demo/data
#   python tools/train.py configs/demo/avfmae_tiny_pretrain.py
_base_ = [
    '../_base_/models/avfmae_b.py',
    '../_base_/datasets/demo_unlabelled.py',
    '../_base_/stages/pretrain_tiny.py',
    '../default_runtime.py',
]

_video = dict(input_size=(4, 96, 96))
_encoder = dict(embed_dims=80, num_heads=4, depth=3, out_indices=(1, 2))
_decoder = dict(embed_dims=64, num_heads=8, num_skips=2)
model = dict(
    # 8 of a frame pair's 36 patches are seen
    masker=dict(video_grid=(2, 6, 6), video_encoder_mask=dict(mask_ratio=7 / 9)),
    video_encoder=dict(**_encoder, **_video, region_size=(1, 3, 3)),
    audio_encoder=_encoder,
    # with the released, shared statistics, evaluation does not show what so small a model has learned
    correlation=dict(embed_dims=80, num_heads=4, refinement=dict(own_norms=True)),
    video_decoder=dict(**_decoder, **_video),
    audio_decoder=_decoder,
)
