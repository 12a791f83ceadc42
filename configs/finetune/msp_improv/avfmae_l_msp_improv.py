# AVF-MAE++ Large on MSP-IMPROV: fine-tuning.
# 303.2 M parameters, 155.0 GFLOP forward per clip; 6 GPUs x 12 clips = 72 a step, 100 epochs.
# Data: data/msp_improv/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/msp_improv/avfmae_l_msp_improv.py 6 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('msp_improv', 'l', _base_))
