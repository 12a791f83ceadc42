# AVF-MAE++ Base on MSP-IMPROV: fine-tuning. 169.1 M parameters, 83.6 GFLOP forward per clip.
# 16 frames at stride 4 and sound. 6 x 12 = 72 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: the authors' logs of the Huge model; rate and batch derived from them.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   tools/dist_train.sh configs/finetune/msp_improv/avfmae_b_msp_improv.py 6 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_b_finetune.py',
    '../../_base_/targets/msp_improv.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(head=dict(num_classes=4), data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=4)))
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=12)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=0.0002))
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=5, eta_min_ratio=1e-06 / 0.0002, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='msp_improv', result='mean')
