# HiCMAE Base, pre-training on VoxCeleb2: 99.6 M parameters, 29.1 GFLOP forward per clip (30.3 with hidden patches
# embedded). 4 GPUs x 40 clips = 160 a step, rate 3e-4 x 160 / 256, 5 of 100 epochs warm-up; one list of clips
# (docs/data.md) in data/voxceleb2.
#
#   tools/dist_train.sh projects/hicmae/configs/hicmae_b_pretrain.py 4
_base_ = [
    './_base_/hicmae_b.py',
    '../../../configs/_base_/datasets/single_list.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=40, dataset=dict(data_root='data/voxceleb2'))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
