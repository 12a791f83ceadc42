# AVF-MAE++ Large on CREMA-D (6 classes): fine-tuning.
# 303.2 M parameters, 155.0 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 50 epochs.
# Data: data/crema_d6/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/crema_d6/avfmae_l_crema_d6.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('crema_d6', 'l', _base_))
