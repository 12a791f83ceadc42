# AVF-MAE++ Huge on Werewolf-XL: fine-tuning.
# 521.3 M parameters, 276.7 GFLOP forward per clip; 4 GPUs x 32 clips = 128 a step, 30 epochs.
# Data: data/werewolf_xl/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/werewolf_xl/avfmae_h_werewolf_xl.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('werewolf_xl', 'h', _base_))
