# The demo's fine-tuning without sound; for demo.yml.
_base_ = '../../../../configs/demo/avfmae_tiny_finetune.py'
from mmavf.datasets.targets import one_modality

globals().update(one_modality(_base_, 'video'))
