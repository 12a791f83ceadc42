# AVF-MAE++ Large, stage 2: supervised post-pre-training (PSI) on the labelled hybrid of categorical emotions, 13
# classes: MAFW (11 classes), DFEW, MER24 Train&Val, IEMOCAP (4 classes), CREMA-D (6 classes), RAVDESS.
# 303.2 M parameters, 155.0 GFLOP forward per clip; 4 GPUs x 40 clips = 160 a step, 50 epochs, the last one counts.
# Data: data/mafw11/lists/all.csv, data/dfew/lists/all.csv, data/mer24/lists/all.csv, data/iemocap/lists/all.csv,
# data/crema_d6/lists/all.csv, data/ravdess/lists/all.csv (docs/targets.md). The target's training part replaces its
# family, so that nothing it is tested on is seen.
#
#   tools/dist_train.sh configs/avfmae_l_postpretrain_cea.py 4 \
#       --target mafw11 --fold 1 --cfg-options load_from=CHECKPOINT
_base_ = './avfmae_l_finetune.py'
from mmavf.datasets.targets import hybrid_settings

globals().update(hybrid_settings('cea', _base_))
