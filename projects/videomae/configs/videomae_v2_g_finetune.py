# VideoMAE V2 giant, fine-tuning on video at 224 px: 1011.6 M parameters with 11 classes, 5085.6 GFLOP forward per clip.
# To be given a labelled list (README.md). Rate and layer decay are those published for Kinetics; no affective recipe of
# the authors is public.
_base_ = [
    './_base_/videomae_v2_g_finetune.py',
    './_base_/finetune_224.py',
    '../../../configs/_base_/stages/finetune.py',
    '../../../configs/default_runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=1e-3), paramwise_cfg=dict(layer_decay_rate=0.9))
train_dataloader = dict(batch_size=4)
