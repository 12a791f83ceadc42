# A tiny AVF-MAE++ for a first run, for tests and for machines without a GPU: 2.6 M parameters, about 0.1 s a step at
# batch 2 on two cores. It has every part of the large models: dual masking, all stages of the encoder, the
# correlation module, decoders with skips. It uses four frames of 96 x 96 instead of sixteen of 160 x 160, so that
# minutes are enough for thousands of steps, and hides fewer of their patches, because there are fewer.
#
#   python tools/data/make_synthetic.py demo/data
#   python tools/train.py configs/demo/avfmae_tiny_pretrain.py
_base_ = [
    '../_base_/models/avfmae_b.py',
    '../_base_/datasets/single_list.py',
    '../_base_/stages/pretrain.py',
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

# two windows from each reading of a file, because reading takes as long as the tiny model; always the middle of the
# frame, because in so short a training the model learns better if the face stays in place
train_pipeline = [
    dict(type='OpenClip'),
    dict(type='SampleWindow', clip_len=4, frame_interval=16, num_clips=2),
    dict(type='ReadFrames'),
    dict(type='ReadAudio'),
    dict(type='mmaction.Resize', scale=(137, 137), keep_ratio=False),
    dict(type='mmaction.CenterCrop', crop_size=96),
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(
    batch_size=8,
    dataset=dict(ann_file='lists/pretrain.csv', data_root='demo/data', pipeline=train_pipeline),
)
train_cfg = dict(max_epochs=6)
# the rate is for the actual batch; at 3e-3 the errors fall faster, but tokens grow to twenty times their size, and
# fine-tuning then changes them less than those of a new model
optim_wrapper = dict(dtype='float32', optimizer=dict(lr=1e-3), clip_grad=dict(max_norm=1.0))
auto_scale_lr = dict(enable=False)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=1, eta_min_ratio=0.01, by_epoch=True, convert_to_iter_based=True),
]
