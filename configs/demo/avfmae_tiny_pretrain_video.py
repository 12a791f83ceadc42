# Pre-training of the tiny video encoder only: a masked autoencoder of one modality, on clips that may be silent. Load its
# checkpoint into the video encoder of configs/demo/avfmae_tiny_finetune.py (load_from).
#
#   python tools/data/make_synthetic.py demo/data
#   python tools/train.py configs/demo/avfmae_tiny_pretrain_video.py
_base_ = './avfmae_tiny_pretrain.py'

_both = _base_.model
model = dict(
    _delete_=True,
    type='MaskedAutoencoder',
    data_preprocessor=_both.data_preprocessor,
    masker=dict(
        type='DualMasker',
        encoder=dict(video=_both.masker.video_encoder_mask),
        decoder=dict(video=_both.masker.video_decoder_mask),
    ),
    encoders=dict(video=_both.video_encoder),
    decoders=dict(video=_both.video_decoder),
    targets=dict(video=_both.video_target),
)
train_pipeline = [
    dict(type='OpenClip', modalities=('video',)),
    dict(type='SampleWindow', clip_len=4, frame_interval=16, num_clips=2),
    dict(type='ReadFrames'),
    dict(type='mmaction.Resize', scale=(137, 137), keep_ratio=False),
    dict(type='mmaction.CenterCrop', crop_size=96),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
