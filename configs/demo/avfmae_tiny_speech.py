# Emotion from speech alone with the tiny model, without a GPU: the audio encoder of stage 3, the speakers of one fold
# held out. About two minutes a fold on one core; docs/speech.md makes the list and says what comes out.
#
#   OMP_NUM_THREADS=1 python tools/cross_validate.py configs/demo/avfmae_tiny_speech.py --folds all
_base_ = [
    '../_base_/models/avfmae_tiny_finetune.py',
    '../_base_/datasets/finetune_audio.py',
    '../_base_/stages/finetune.py',
    '../default_runtime.py',
]
from mmavf.datasets.targets import get_card, list_settings

globals().update(
    list_settings(
        data_root='data/ravdess_speech',
        classes=get_card('ravdess').classes,
        split_column='fold',
        modalities=('audio',),
    )
)
# two windows from each reading of a file, because reading costs as much as the tiny model
train_pipeline = [
    dict(type='OpenClip', modalities=('audio',)),
    dict(type='SampleWindow', clip_len=16, frame_interval=4, num_clips=2),
    dict(type='ReadAudio'),
    dict(type='RandomGain'),
    dict(type='LogMel', num_bins=128, num_frames=256),
    dict(type='PackAVInputs'),
]
train_dataloader['batch_size'] = 4
train_dataloader['dataset']['pipeline'] = train_pipeline
val_dataloader['batch_size'] = test_dataloader['batch_size'] = 8
model['data_preprocessor'] = dict(batch_augment=None)  # no mixing: so short a training learns better without
train_cfg = dict(max_epochs=50)
# the rate stands for the batch as it is, and all layers learn alike
optim_wrapper = dict(
    dtype='float32',  # bfloat16 gains nothing at this width
    optimizer=dict(lr=1e-3),
    clip_grad=dict(_delete_=True, max_norm=1.0),
    paramwise_cfg=dict(layer_decay_rate=1.0),
)
auto_scale_lr = dict(enable=False)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=5, eta_min_ratio=0.01, by_epoch=True, convert_to_iter_based=True),
]
