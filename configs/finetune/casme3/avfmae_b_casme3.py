# AVF-MAE++ Base on CAS(ME)³ part A: fine-tuning. 63.9 M parameters.
# 16 frames spread over the clip, no sound. 1 x 32 = 32 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: ours: the paper states none.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   python tools/cross_validate.py configs/finetune/casme3/avfmae_b_casme3.py --folds all \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_b_finetune.py',
    '../../_base_/targets/casme3.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(
    head=dict(num_classes=3),
    data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=3)),
    audio_encoder=None,
    correlation=None,
)
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=32)
train_cfg = dict(max_epochs=50)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='casme3', result='pooled')
