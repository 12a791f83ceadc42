# avfmae_l_pretrain.py with region-balanced masks, true regions and exact decoder positions (docs/exact_regions.md).
#
#   tools/dist_train.sh configs/avfmae_l_pretrain_exact.py 8
_base_ = ['./avfmae_l_pretrain.py', './_base_/models/exact_regions.py']

model = {{_base_.exact_regions}}
