# AVF-MAE++ Large on eNTERFACE05: fine-tuning. 303.2 M parameters, 155.0 GFLOP forward per clip.
# 16 frames at stride 4 and sound. 4 x 14 = 56 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: ours: what HiCMAE takes for CREMA-D.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   tools/dist_train.sh configs/finetune/enterface05/avfmae_l_enterface05.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_l_finetune.py',
    '../../_base_/targets/enterface05.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(head=dict(num_classes=6), data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=6)))
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=14)
train_cfg = dict(max_epochs=50)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='enterface05', result='mean')
