# HiCMAE Base on CREMA-D, 6 classes: fine-tuning as published. 80.8 M parameters, 92.2 GFLOP forward per clip.
# 16 frames at stride 4 and sound. 4 x 14 = 56 clips a step, 50 epochs; the rate is for 256 and scales with the real batch.
#
#   tools/dist_train.sh projects/hicmae/configs/finetune/hicmae_b_crema_d6.py 4 --fold 1 --cfg-options load_from=CHECKPOINT
_base_ = '../hicmae_b_finetune.py'
from mmavf.datasets import targets

globals().update(targets.target_settings('crema_d6', 'b', _base_, recipe=targets.Recipe('published', 4, 14, epochs=50)))
