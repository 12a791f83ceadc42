# AVF-MAE++ Huge on MAFW (43 classes): fine-tuning.
# 521.4 M parameters, 276.7 GFLOP forward per clip; 4 GPUs x 40 clips = 160 a step, 100 epochs.
# Data: data/mafw43/lists/all.csv and the class names in data/mafw43/classes.txt (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mafw43/avfmae_h_mafw43.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mafw43', 'h', _base_))
