# AVF-MAE++ Huge on FERV39k: fine-tuning. 213.9 M parameters.
# 16 frames at stride 1, no sound. 3 x 40 = 120 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: what MAE-DFER takes for FERV39k.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   tools/dist_train.sh configs/finetune/ferv39k/avfmae_h_ferv39k.py 3 \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_h_finetune.py',
    '../../_base_/targets/ferv39k.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(
    head=dict(num_classes=7),
    data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=7)),
    audio_encoder=None,
    correlation=None,
)
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=40)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='ferv39k', result='mean')
