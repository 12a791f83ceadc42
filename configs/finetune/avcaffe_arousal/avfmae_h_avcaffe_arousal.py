# AVF-MAE++ Huge on AVCAffe arousal: fine-tuning.
# 521.3 M parameters, 276.7 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 50 epochs.
# Data: data/avcaffe_arousal/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/avcaffe_arousal/avfmae_h_avcaffe_arousal.py 4 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('avcaffe_arousal', 'h', _base_))
