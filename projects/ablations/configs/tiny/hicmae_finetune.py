# HiCMAE with the widths of the demo's model, fine-tuned as it is.
_base_ = [
    '../../../hicmae/configs/_base_/hicmae_b_finetune.py',
    '../../../../configs/_base_/datasets/demo_labelled.py',
    '../../../../configs/_base_/stages/finetune_tiny.py',
    '../../../../configs/default_runtime.py',
]
from mmavf.datasets.synthetic.emotions import CLASSES
from mmavf.datasets.targets import list_settings

globals().update(list_settings(data_root='demo/target', classes=CLASSES, split_column='fold'))
train_cfg = dict(max_epochs=16)
_encoder = dict(embed_dims=80, num_heads=4, depth=3, out_indices=(0, 1, 2), drop_path_rate=0.0)
model = dict(
    video_encoder=dict(**_encoder, input_size=(4, 96, 96)),
    audio_encoder=_encoder,
    correlation=dict(embed_dims=80, num_heads=4, drop_path_rate=0.0),
    head=model['head'],
)
model['data_preprocessor'] = dict(batch_augment=None)  # as in the demo
