# AVF-MAE++ Large on SMIC-HS: fine-tuning, video alone, trained and tested on the composite of SAMM, CASME II and SMIC.
# 119.2 M parameters; 1 GPU x 32 clips a step, 50 epochs.
# Data: data/samm/lists/all.csv, data/casme2/lists/all.csv, data/smic/lists/all.csv (docs/targets.md).
# One run over all held-out subjects gives the figures of all three sets, each named by its source.
#
#   python tools/cross_validate.py configs/finetune/smic/avfmae_l_smic.py --folds all \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_l_finetune_micro.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('smic', 'l', _base_))
