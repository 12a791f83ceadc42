# SVFAP Small, pre-training on the video of VoxCeleb2: 37.5 M parameters, 19.4 GFLOP forward per clip (20.3 with hidden
# patches embedded). 4 GPUs x 64 clips = 256 a step, rate 3e-4, 5 of 100 epochs warm-up.
#
#   tools/dist_train.sh projects/svfap/configs/svfap_s_pretrain.py 4
_base_ = [
    './_base_/svfap_s.py',
    '../../../configs/_base_/datasets/single_list_video.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=64, dataset=dict(data_root='data/voxceleb2'))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
