# MAE-DFER with the widths of the demo's model, fine-tuned as it is.
_base_ = [
    '../../../mae_dfer/configs/_base_/mae_dfer_b_finetune.py',
    '../../../../configs/_base_/datasets/demo_labelled.py',
    '../../../../configs/_base_/stages/finetune_tiny.py',
    '../../../../configs/default_runtime.py',
]
from mmavf.datasets.synthetic.emotions import CLASSES
from mmavf.datasets.targets import list_settings

globals().update(list_settings(data_root='demo/target', classes=CLASSES, split_column='fold'))
train_cfg = dict(max_epochs=16)
model = dict(
    video_encoder=dict(
        embed_dims=80, num_heads=4, depth=3, drop_path_rate=0.0, input_size=(4, 96, 96), region_size=(1, 3, 3)
    ),
    head=model['head'],
)
model['data_preprocessor'] = dict(batch_augment=None)  # as in the demo
