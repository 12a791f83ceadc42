# AVF-MAE++ Large on AVCAffe valence: fine-tuning.
# 303.2 M parameters, 155.0 GFLOP forward per clip; 4 GPUs x 14 clips = 56 a step, 50 epochs.
# Data: data/avcaffe_valence/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/avcaffe_valence/avfmae_l_avcaffe_valence.py 4 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('avcaffe_valence', 'l', _base_))
