# AVF-MAE++ Large, stage 2: supervised post-pre-training (PSI) on the labelled hybrid of micro-expressions, 3 classes,
# video alone: CAS(ME)³ part A, MMEW.
# 119.2 M parameters; 1 GPU x 32 clips a step, 50 epochs, the last one counts.
# Data: data/casme3/lists/v2.csv, data/mmew/lists/all.csv (docs/targets.md). The target's training part replaces its
# family, so that nothing it is tested on is seen.
#
#   tools/dist_train.sh configs/avfmae_l_postpretrain_mer.py 1 \
#       --target casme3 --fold casme3_spNO.1 --cfg-options load_from=CHECKPOINT
_base_ = './avfmae_l_finetune_micro.py'
from mmavf.datasets.targets import hybrid_settings

globals().update(hybrid_settings('mer', _base_))
