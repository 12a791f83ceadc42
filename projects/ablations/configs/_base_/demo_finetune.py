# Fine-tuning as in the demo; the model goes on top, with what `demo_model` says of it.
_base_ = [
    '../../../../configs/_base_/datasets/demo_labelled.py',
    '../../../../configs/_base_/stages/finetune_tiny.py',
    '../../../../configs/default_runtime.py',
]
from mmavf.datasets.targets import list_settings
from mmavf.synthetic.emotions import CLASSES

globals().update(list_settings(data_root='demo/target', classes=CLASSES, split_column='fold'))
train_cfg = dict(max_epochs=16)
demo_model = dict(model, data_preprocessor=dict(batch_augment=None))  # two bases may not both have a `model`
del model
