# AVF-MAE++ Base on DFEW: fine-tuning.
# 169.1 M parameters, 83.6 GFLOP forward per clip; 3 GPUs x 32 clips = 96 a step, 100 epochs.
# Data: data/dfew/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/dfew/avfmae_b_dfew.py 3 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_b_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('dfew', 'b', _base_))
