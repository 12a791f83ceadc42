# AVF-MAE++ Huge on Werewolf-XL: fine-tuning. 521.3 M parameters, 276.7 GFLOP forward per clip.
# 16 frames at stride 3 and sound. 4 x 32 = 128 clips a step; the rate is for 256 and scales with the real batch.
# Hyper-parameters: what HiCMAE takes for Werewolf-XL.
# Generated from the target's card by tools/misc/write_target_configs.py.
#
#   tools/dist_train.sh configs/finetune/werewolf_xl/avfmae_h_werewolf_xl.py 4 --fold 1 \
#       --cfg-options load_from=CHECKPOINT
_base_ = [
    '../../_base_/models/avfmae_h_finetune.py',
    '../../_base_/targets/werewolf_xl.py',
    '../../_base_/stages/finetune.py',
    '../../default_runtime.py',
]

model = dict(
    head=dict(_delete_=True, type='RegressionHead', num_outputs=3, loss=dict(type='RegressionMSELoss')),
    data_preprocessor=dict(batch_augment=None),
)
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=32)
train_cfg = dict(max_epochs=30)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='werewolf_xl', result='mean')
