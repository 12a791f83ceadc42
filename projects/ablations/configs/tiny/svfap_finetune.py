# SVFAP with the widths of the demo's model, fine-tuned as it is.
_base_ = [
    '../../../svfap/configs/_base_/svfap_b_finetune.py',
    '../../../../configs/_base_/datasets/demo_labelled.py',
    '../../../../configs/_base_/stages/finetune_tiny.py',
    '../../../../configs/default_runtime.py',
]
from mmavf.datasets.synthetic.emotions import CLASSES
from mmavf.datasets.targets import list_settings

globals().update(list_settings(data_root='demo/target', classes=CLASSES, split_column='fold'))
train_cfg = dict(max_epochs=16)
model = dict(
    video_encoder=dict(embed_dims=80, num_heads=4, depths=(1, 2, 2), drop_path_rate=0.0, input_size=(8, 96, 96)),
    head=model['head'],
)
model['data_preprocessor'] = dict(batch_augment=None)  # as in the demo

# its pyramid halves the slices twice, so that it needs eight frames where the others have four
for _part in ('train', 'val', 'test'):
    _pipeline = [
        dict(step, clip_len=8, frame_interval=8) if step['type'] == 'SampleWindow' else step
        for step in _base_[f'{_part}_pipeline']
    ]
    globals()[f'{_part}_dataloader']['dataset']['pipeline'] = _pipeline
