# AVF-MAE++ Huge on IEMOCAP (4 classes): fine-tuning.
# 521.3 M parameters, 276.7 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 50 epochs.
# Data: data/iemocap/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/iemocap/avfmae_h_iemocap.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('iemocap', 'h', _base_))
