"""Labelled clips for the tiny model in a short training: demo_labelled.py with two windows from each reading of a file,
because reading takes as long as the tiny model.
"""

_base_ = './demo_labelled.py'

train_pipeline = [dict(step, num_clips=2) if step['type'] == 'SampleWindow' else step for step in _base_.train_pipeline]
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))
