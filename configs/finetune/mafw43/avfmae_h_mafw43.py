# AVF-MAE++ Huge on MAFW (43 classes): fine-tuning. 521.4 M parameters, 276.7 GFLOP forward per clip.
# 16 frames at stride 4 and sound. 4 x 40 = 160 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: the authors' fine-tuning scripts.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   tools/dist_train.sh configs/finetune/mafw43/avfmae_h_mafw43.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_h_finetune.py',
    '../../_base_/targets/mafw43.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(head=dict(num_classes=43), data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=43)))
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=40)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='mafw43', result='mean')
