# AVF-MAE++ Large on Werewolf-XL: fine-tuning.
# 303.2 M parameters, 155.0 GFLOP forward per clip; 4 GPUs x 32 clips = 128 a step, 30 epochs.
# Data: data/werewolf_xl/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/werewolf_xl/avfmae_l_werewolf_xl.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('werewolf_xl', 'l', _base_))
