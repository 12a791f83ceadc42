# AVF-MAE++ Huge on DFEW: fine-tuning.
# 521.3 M parameters, 276.7 GFLOP forward per clip; 3 GPUs x 32 clips = 96 a step, 100 epochs.
# Data: data/dfew/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/dfew/avfmae_h_dfew.py 3 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('dfew', 'h', _base_))
