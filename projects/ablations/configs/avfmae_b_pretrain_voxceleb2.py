# AVF-MAE++ Base, pre-training on VoxCeleb2 alone: avfmae_b_pretrain.py with one corpus of the hybrid (data/voxceleb2).
_base_ = [
    '../../../configs/_base_/models/avfmae_b.py',
    '../../../configs/_base_/datasets/single_list.py',
    '../../../configs/_base_/stages/pretrain.py',
    '../../../configs/default_runtime.py',
]

train_dataloader = dict(batch_size=164, dataset=dict(data_root='data/voxceleb2'))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
