# AVF-MAE++ Huge on MER-MULTI (MER2023): fine-tuning. 521.3 M parameters, 276.7 GFLOP forward per clip.
# 16 frames at stride 4 and sound. 4 x 14 = 56 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: ours: what HiCMAE takes for MAFW.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   tools/dist_train.sh configs/finetune/mer_multi/avfmae_h_mer_multi.py 4 \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_h_finetune.py',
    '../../_base_/targets/mer_multi.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(head=dict(num_classes=6), data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=6)))
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=14)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='mer_multi', result='mean')
