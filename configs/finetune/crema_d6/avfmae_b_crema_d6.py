# AVF-MAE++ Base on CREMA-D (6 classes): fine-tuning.
# 169.1 M parameters, 83.6 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 50 epochs.
# Data: data/crema_d6/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/crema_d6/avfmae_b_crema_d6.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_b_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('crema_d6', 'b', _base_))
