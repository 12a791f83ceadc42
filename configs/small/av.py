# Video and sound, trained from scratch on a few hundred labelled clips of your own: the tiny model with four frames of
# 96 x 96, and patches of sound of 80 ms over all mel bins. 2.2 M parameters. A config of five lines completes it, as
# audio.py says.
_base_ = [
    '../_base_/models/avfmae_tiny_finetune.py',
    '../_base_/datasets/demo_labelled.py',
    '../_base_/stages/finetune_tiny.py',
    '../default_runtime.py',
]

model = dict(
    audio_encoder=dict(patch_size=(8, 128), region_size=(4, 1)),
    data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', prob=0.0)),
)
train_pipeline, val_pipeline, test_pipeline = (
    [dict(step, padding='floor') if step['type'] == 'LogMel' else step for step in pipeline]
    for pipeline in (_base_.train_pipeline, _base_.val_pipeline, _base_.test_pipeline)
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
train_cfg = dict(max_epochs=30)
param_scheduler = [dict(_base_.param_scheduler[0], warmup=5)]
