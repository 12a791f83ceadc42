# avfmae_tiny_pretrain.py with region-balanced masks, true regions and exact decoder positions (docs/exact_regions.md).
#
#   python tools/train.py configs/demo/avfmae_tiny_pretrain_exact.py
_base_ = ['./avfmae_tiny_pretrain.py', '../_base_/models/exact_regions.py']

model = {{_base_.exact_regions}}
