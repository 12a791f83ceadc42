# VideoMAE V2 Small, pre-training at 224 px: 24.0 M parameters, 14.0 GFLOP forward per clip (15.7 with hidden patches
# embedded). 32 GPUs x 32 clips = 1024 a step, rate 1e-3 x 1024 / 256, 20 of 200 epochs warm-up, four views of each
# clip.
#
#   tools/dist_train.sh projects/videomae/configs/videomae_v2_s_pretrain_224.py 8
_base_ = [
    './_base_/videomae_v2_s.py',
    './_base_/single_list_224.py',
    './_base_/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=dict(data_root='data/my_clips'))
model = dict(encoders=dict(video=dict(input_size=(16, 224, 224))))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
