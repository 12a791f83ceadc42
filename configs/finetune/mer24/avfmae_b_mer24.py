# AVF-MAE++ Base on MER24 Train&Val: fine-tuning.
# 169.1 M parameters, 83.6 GFLOP forward per clip; 4 GPUs x 40 clips = 160 a step, 100 epochs.
# Data: data/mer24/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mer24/avfmae_b_mer24.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_b_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mer24', 'b', _base_))
