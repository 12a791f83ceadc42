# HiCMAE Base on MAFW (11 classes), fine-tuned as avfmae_b_mafw11.py.
_base_ = [
    '../../hicmae/configs/_base_/hicmae_b_finetune.py',
    '../../../configs/_base_/targets/mafw11.py',
    '../../../configs/_base_/stages/finetune.py',
    '../../../configs/default_runtime.py',
]

model = dict(head=dict(num_classes=11), data_preprocessor=dict(batch_augment=dict(type='MixupCutmix', num_classes=11)))
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=40)
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=0.001))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
protocol = dict(target='mafw11', result='mean')
