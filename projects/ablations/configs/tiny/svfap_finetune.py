# SVFAP with the widths of the demo's model, fine-tuned as it is.
_base_ = [
    '../../../svfap/configs/_base_/svfap_b_finetune.py',
    '../_base_/demo_finetune.py',
]
from mmavf.datasets.targets import one_modality_loaders

model = dict(
    _base_.demo_model,
    video_encoder=dict(embed_dims=80, num_heads=4, depths=(1, 2, 2), drop_path_rate=0.0, input_size=(8, 96, 96)),
)

# its pyramid halves the slices twice, so that it needs eight frames where the others have four
_loaders = one_modality_loaders(_base_, 'video')
for _loader in _loaders.values():
    _window = next(step for step in _loader['dataset']['pipeline'] if step['type'] == 'SampleWindow')
    _window.update(clip_len=8, frame_interval=8)
globals().update(_loaders)
