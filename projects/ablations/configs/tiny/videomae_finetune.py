# VideoMAE V2 with the widths of the demo's model, fine-tuned as it is.
_base_ = [
    '../../../videomae/configs/_base_/videomae_v2_b_finetune.py',
    '../_base_/demo_finetune.py',
]
from mmavf.datasets.targets import one_modality_loaders

model = dict(
    _base_.demo_model,
    video_encoder=dict(embed_dims=80, num_heads=4, depth=3, drop_path_rate=0.0, input_size=(4, 96, 96)),
)
globals().update(one_modality_loaders(_base_, 'video'))
