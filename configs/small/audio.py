# Sound alone, trained from scratch on a few hundred labelled clips of your own, without a GPU (docs/speech.md): the tiny
# audio encoder with patches of 80 ms over all mel bins. 0.6 M parameters. A config of five lines completes it:
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
    audio_encoder=dict(patch_size=(8, 128), region_size=(4, 1)),
    correlation=None,
    data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', mix_audio=True, prob=0.0)),
)
# short clips end in silence; two windows from each reading of a file, because reading takes as long as so small a model
_changes = dict(LogMel=dict(padding='floor'), SpecAugment=dict(freq_mask=24, time_mask=32))
train_pipeline, val_pipeline, test_pipeline = (
    [dict(step, **_changes.get(step['type'], {})) for step in pipeline]
    for pipeline in (_base_.train_pipeline, _base_.val_pipeline, _base_.test_pipeline)
)
train_pipeline[1]['num_clips'] = 2
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=8, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=8, dataset=dict(pipeline=test_pipeline))
train_cfg = dict(max_epochs=60)
param_scheduler = [dict(_base_.param_scheduler[0], warmup=5)]
