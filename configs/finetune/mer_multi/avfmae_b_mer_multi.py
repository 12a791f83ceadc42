# AVF-MAE++ Base on MER-MULTI (MER2023): fine-tuning.
# 169.1 M parameters, 83.6 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 100 epochs.
# Data: data/mer_multi/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mer_multi/avfmae_b_mer_multi.py 4 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_b_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mer_multi', 'b', _base_))
