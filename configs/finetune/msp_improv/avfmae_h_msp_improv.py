# AVF-MAE++ Huge on MSP-IMPROV: fine-tuning.
# 521.3 M parameters, 276.7 GFLOP forward per clip; 6 GPUs x 12 clips = 72 a step, 100 epochs.
# Data: data/msp_improv/lists/all.csv (docs/targets.md).
#
#   tools/dist_train.sh configs/finetune/msp_improv/avfmae_h_msp_improv.py 6 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = '../../avfmae_h_finetune.py'
from mmavf.datasets.targets import target_settings

globals().update(target_settings('msp_improv', 'h', _base_))
