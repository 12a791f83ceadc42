# MAE-DFER Base on FERV39k: fine-tuning as published. 84.9 M parameters, 99.3 GFLOP forward per clip.
# 16 frames at stride 1. 3 x 40 = 120 clips a step, 100 epochs; the rate is for 256 and scales with the real batch.
#
#   tools/dist_train.sh projects/mae_dfer/configs/finetune/mae_dfer_b_ferv39k.py 3 --cfg-options load_from=CHECKPOINT
_base_ = '../mae_dfer_b_finetune.py'
from mmavf.datasets import targets

globals().update(
    targets.target_settings('ferv39k', 'b', _base_, recipe=targets.Recipe('published', 3, 40, frame_interval=1))
)
