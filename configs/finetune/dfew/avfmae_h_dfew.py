# AVF-MAE++ Huge on DFEW: fine-tuning. 521.3 M parameters, 276.7 GFLOP forward per clip.
# 16 frames at stride 4 and sound. 3 x 32 = 96 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: what MAE-DFER takes for DFEW.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   tools/dist_train.sh configs/finetune/dfew/avfmae_h_dfew.py 3 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_h_finetune.py',
    '../../_base_/targets/dfew.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(head=dict(num_classes=7), data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=7)))
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=32)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='dfew', result='mean')
