# SVFAP Base on MAFW: fine-tuning as published. 77.6 M parameters, 87.1 GFLOP forward per clip.
# 16 frames at stride 4. 4 x 16 = 64 clips a step, 100 epochs; the rate is for 256 and scales with the real batch.
#
#   tools/dist_train.sh projects/svfap/configs/finetune/svfap_b_mafw11.py 4 --fold 1 --cfg-options load_from=CHECKPOINT
_base_ = '../svfap_b_finetune.py'
from mmavf.datasets import targets

globals().update(targets.target_settings('mafw11', 'b', _base_, recipe=targets.Recipe('published', 4, 16)))
