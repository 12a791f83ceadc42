# AVF-MAE++ Base on RAVDESS: fine-tuning.
# 169.1 M parameters, 83.6 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 50 epochs.
# Data: data/ravdess/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/ravdess/avfmae_b_ravdess.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_b_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('ravdess', 'b', _base_))
