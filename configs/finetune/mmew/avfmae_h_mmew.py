# AVF-MAE++ Huge on MMEW: fine-tuning, video alone.
# 213.9 M parameters; 1 GPU x 32 clips a step, 50 epochs.
# Data: data/mmew/lists/all.csv (docs/targets.md).
#
#   python tools/cross_validate.py configs/finetune/mmew/avfmae_h_mmew.py --folds all \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune_micro.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('mmew', 'h', _base_))
