# The demo's fine-tuning without frames; for demo.yml.
_base_ = '../../../../configs/demo/avfmae_tiny_finetune.py'

model = dict(video_encoder=None, correlation=None)
_frames = ('ReadFrames', 'mmaction.Resize', 'mmaction.CenterCrop', 'mmaction.Flip')
train_pipeline, val_pipeline, test_pipeline = (
    [dict(pipeline[0], modalities=('audio',)), *(step for step in pipeline[1:] if step['type'] not in _frames)]
    for pipeline in (_base_.train_pipeline, _base_.val_pipeline, _base_.test_pipeline)
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
