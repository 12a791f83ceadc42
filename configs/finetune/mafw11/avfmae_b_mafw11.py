# AVF-MAE++ Base on MAFW (11 classes): fine-tuning.
# 169.1 M parameters, 83.6 GFLOP forward per clip; 4 GPUs x 40 clips = 160 a step, 100 epochs.
# Data: data/mafw11/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/mafw11/avfmae_b_mafw11.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_b_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mafw11', 'b', _base_))
