# Pre-training without labels of the sound encoder of audio.py, on as many recordings as there are. 0.2 M parameters.
# Three quarters of the 80 ms patches are hidden, and the convolutions see none of them. Completed by
#
#   _base_ = 'configs/small/audio_pretrain.py'
#   from mmavf.datasets.targets import unlabelled_settings
#
#   globals().update(unlabelled_settings('data/mine', base=_base_, statistics=True))
#
# and used by `load_from` of a config on top of audio.py (docs/speech.md).
_base_ = [
    '../_base_/datasets/single_list.py',
    '../_base_/stages/pretrain_tiny.py',
    '../default_runtime.py',
]

_sizes = dict(input_size=(192, 64), patch_size=(8, 64))
model = dict(
    type='MaskedAutoencoder',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    masker=dict(
        type='DualMasker',
        encoder=dict(audio=dict(type='RandomMask', mask_ratio=0.75)),
        decoder=None,
    ),
    encoders=dict(
        audio=dict(
            type='ViTEncoder',
            **_sizes,
            in_channels=1,
            patch_embed=dict(type='ConvStem', channels=(8, 24, 48, 64)),
            embed_dims=80,
            num_heads=4,
            depth=1,
        )
    ),
    decoders=dict(
        audio=dict(type='MaskedDecoder', **_sizes, out_channels=512, embed_dims=64, num_heads=4, num_skips=0)
    ),
    targets=dict(audio=dict(type='PatchTarget', patch_size=(8, 64))),
)
train_pipeline = [
    dict(type='OpenClip', modalities=('audio',)),
    dict(type='SampleWindow', clip_len=16, frame_interval=3, num_clips=2),
    dict(type='ReadAudio'),
    dict(type='LogMel', num_bins=64, num_frames=192, frame_ms=50, padding='floor'),
    dict(type='PerturbMel', shift=3, stretch=0.15, gain=0.3),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
train_cfg = dict(max_epochs=50)
param_scheduler = [dict(_base_.param_scheduler[0], warmup=5)]
