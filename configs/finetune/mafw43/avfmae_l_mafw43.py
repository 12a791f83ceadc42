# AVF-MAE++ Large on MAFW (43 classes): fine-tuning.
# 303.3 M parameters, 155.0 GFLOP forward per clip; 4 GPUs x 40 clips = 160 a step, 100 epochs.
# Data: data/mafw43/lists/all.csv and the class names in data/mafw43/classes.txt (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mafw43/avfmae_l_mafw43.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mafw43', 'l', _base_))
