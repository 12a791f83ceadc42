# Sound alone, trained from scratch on a few hundred labelled clips of your own, without a GPU (docs/speech.md):
# three models side by side, each of convolutions, one block of attention, and mean and deviation over time. 0.42 M
# parameters. A config of five lines completes it:
#
#   _base_ = 'configs/small/audio.py'
#   from mmavf.datasets.targets import list_settings
#
#   settings = dict(data_root='data/mine', classes=['calm', 'excited'], split_column='fold', modalities=('audio',))
#   globals().update(list_settings(**settings, base=_base_, statistics=True))
_base_ = [
    '../_base_/models/avfmae_tiny_finetune.py',
    '../_base_/datasets/finetune_audio.py',
    '../_base_/stages/finetune_tiny.py',
    '../default_runtime.py',
]

model = dict(
    video_encoder=None,
    audio_encoder=dict(
        _delete_=True,
        type='EncoderEnsemble',
        num_members=3,
        member=dict(
            type='ViTEncoder',
            input_size=(192, 64),
            patch_size=(8, 64),
            in_channels=1,
            patch_embed=dict(type='ConvStem', channels=(8, 24, 48, 64)),
            embed_dims=80,
            num_heads=4,
            depth=1,
            init_cfg=_base_.model.audio_encoder.init_cfg,
        ),
    ),
    correlation=None,
    token_type='local',
    pooling='mean_std',
    head=dict(dropout=0.3),
    data_preprocessor=dict(
        batch_augment=dict(type='MixupCutmix', mix_audio=True, mixup_alpha=0.3, prob=0.5, switch_prob=0.0)
    ),
)

# Windows of 1.92 s. Frames of 50 ms tell the harmonics of a voice apart, and short clips end in silence.
_window = dict(type='SampleWindow', clip_len=16, frame_interval=3)
_log_mel = dict(type='LogMel', num_bins=64, num_frames=192, frame_ms=50, padding='floor')
# two windows from each reading of a file, because reading takes as long as so small a model
train_pipeline = [
    dict(type='OpenClip', modalities=('audio',)),
    dict(_window, num_clips=2),
    dict(type='ReadAudio'),
    _log_mel,
    dict(type='PerturbMel', shift=3, stretch=0.15, gain=0.3),
    dict(type='SpecAugment', freq_mask=12, time_mask=32),
    dict(type='PackAVInputs'),
]
val_pipeline = test_pipeline = [
    dict(type='OpenClip', modalities=('audio',)),
    dict(_window, num_clips=3, test_mode=True),
    dict(type='ReadAudio'),
    _log_mel,
    dict(type='PackAVInputs'),
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=16, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=16, dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=50)
param_scheduler = [dict(_base_.param_scheduler[0], warmup=3)]
