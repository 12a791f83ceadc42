# MAE-DFER Base, pre-training on the video of VoxCeleb2: 92.8 M parameters, 26.9 GFLOP forward per clip (28.1 with
# hidden patches embedded). 4 GPUs x 40 clips = 160 a step, as the released run had, rate 3e-4 x 160 / 256.
#
#   tools/dist_train.sh projects/mae_dfer/configs/mae_dfer_b_pretrain.py 4
_base_ = [
    './_base_/mae_dfer_b.py',
    '../../../configs/_base_/datasets/single_list_video.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=40, dataset=dict(data_root='data/voxceleb2'))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
