# MAE-DFER Base on MAFW: fine-tuning as published. 84.9 M parameters, 99.3 GFLOP forward per clip.
# 16 frames at stride 4. 3 x 32 = 96 clips a step, 100 epochs; the rate is for 256 and scales with the real batch.
#
#   tools/dist_train.sh projects/mae_dfer/configs/finetune/mae_dfer_b_mafw11.py 3 --fold 1 --cfg-options load_from=CHECKPOINT
_base_ = '../mae_dfer_b_finetune.py'
from mmavf.datasets import targets

globals().update(targets.target_settings('mafw11', 'b', _base_, recipe=targets.Recipe('published', 3, 32)))
