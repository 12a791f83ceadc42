# AVF-MAE++ Huge on CAS(ME)³ part A: fine-tuning, video alone.
# 213.9 M parameters; 1 GPU x 32 clips a step, 50 epochs.
# Data: data/casme3/lists/v2.csv (docs/targets.md).
# For version 1 of the sheet: target_settings(..., list_file='lists/v1.csv').
#
#   python tools/cross_validate.py configs/finetune/casme3/avfmae_h_casme3.py --folds all \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune_micro.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('casme3', 'h', _base_))
