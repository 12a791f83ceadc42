# AVF-MAE++ Large on MER24 Train&Val: fine-tuning.
# 303.2 M parameters, 155.0 GFLOP forward per clip; 4 GPUs x 40 clips = 160 a step, 100 epochs.
# Data: data/mer24/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mer24/avfmae_l_mer24.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mer24', 'l', _base_))
