# AVF-MAE++ Huge on MAFW (11 classes): fine-tuning.
# 521.3 M parameters, 276.7 GFLOP forward per clip; 6 GPUs x 12 clips = 72 a step, 100 epochs.
# Data: data/mafw11/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mafw11/avfmae_h_mafw11.py 6 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mafw11', 'h', _base_))
