# HiCMAE Small, pre-training on VoxCeleb2: 50.6 M parameters, 11.4 GFLOP forward per clip (12.3 with hidden patches
# embedded). 4 GPUs x 40 clips = 160 a step, rate 3e-4 x 160 / 256, 5 of 100 epochs warm-up; one list of clips
# (docs/data.md) in data/voxceleb2.
#
#   tools/dist_train.sh projects/hicmae/configs/hicmae_s_pretrain.py 4
_base_ = [
    './_base_/hicmae_s.py',
    '../../../configs/_base_/datasets/single_list.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=40, dataset=dict(data_root='data/voxceleb2'))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
