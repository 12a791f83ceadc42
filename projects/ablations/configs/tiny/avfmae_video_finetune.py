# The demo's fine-tuning without sound; for demo.yml.
_base_ = '../../../../configs/demo/avfmae_tiny_finetune.py'

model = dict(audio_encoder=None, correlation=None)
_sound = ('ReadAudio', 'RandomGain', 'LogMel')
train_pipeline, val_pipeline, test_pipeline = (
    [dict(pipeline[0], modalities=('video',)), *(step for step in pipeline[1:] if step['type'] not in _sound)]
    for pipeline in (_base_.train_pipeline, _base_.val_pipeline, _base_.test_pipeline)
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
