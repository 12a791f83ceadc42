# Pre-training of the tiny audio encoder only, without frames: a masked autoencoder of one modality. Load its checkpoint
# in configs/demo/avfmae_tiny_speech.py (load_from). 0.7 M parameters.
#
#   python tools/data/make_synthetic.py demo/data
#   python tools/train.py configs/demo/avfmae_tiny_pretrain_audio.py
_base_ = './avfmae_tiny_pretrain.py'

_both = _base_.model
model = dict(
    _delete_=True,
    type='MaskedAutoencoder',
    data_preprocessor=_both.data_preprocessor,
    masker=dict(
        type='DualMasker',
        encoder=dict(audio=_both.masker.audio_encoder_mask),
        decoder=dict(audio=_both.masker.audio_decoder_mask),
    ),
    encoders=dict(audio=_both.audio_encoder),
    decoders=dict(audio=_both.audio_decoder),
    targets=dict(audio=_both.audio_target),
)
train_pipeline = [
    dict(type='OpenClip', modalities=('audio',)),
    dict(type='SampleWindow', clip_len=4, frame_interval=16, num_clips=2),
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
