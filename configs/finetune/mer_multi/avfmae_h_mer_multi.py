# AVF-MAE++ Huge on MER-MULTI (MER2023): fine-tuning.
# 521.3 M parameters, 276.7 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 100 epochs.
# Data: data/mer_multi/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mer_multi/avfmae_h_mer_multi.py 4 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mer_multi', 'h', _base_))
