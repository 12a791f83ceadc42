# AVF-MAE++ Large on MER-MULTI (MER2023): fine-tuning.
# 303.2 M parameters, 155.0 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 100 epochs.
# Data: data/mer_multi/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mer_multi/avfmae_l_mer_multi.py 4 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mer_multi', 'l', _base_))
