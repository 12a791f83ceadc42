# VideoMAE V2 Small, pre-training at 160 px: 24.0 M parameters, 6.3 GFLOP forward per clip (7.1 with hidden patches
# embedded). 32 GPUs x 32 clips = 1024 a step, rate 1e-3 x 1024 / 256, 20 of 200 epochs warm-up, four views of each
# clip.
#
#   tools/dist_train.sh projects/videomae/configs/videomae_v2_s_pretrain.py 8
_base_ = [
    './_base_/videomae_v2_s.py',
    '../../../configs/_base_/datasets/single_list_video.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=dict(data_root='data/my_clips'))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
