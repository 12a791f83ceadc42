# avfmae_tiny_pretrain.py with region-balanced masks, true regions and exact decoder positions (docs/exact_regions.md).
#
#   python tools/train.py configs/demo/avfmae_tiny_pretrain_exact.py
_base_ = ['./avfmae_tiny_pretrain.py', '../_base_/models/exact_regions.py']

_exact = _base_.exact_regions
_video_mask = dict(_exact['masker']['video_encoder_mask'], mask_ratio=7 / 9, region_size=(1, 3, 3))
model = dict(_exact, masker=dict(_exact['masker'], video_encoder_mask=_video_mask))
