# AVF-MAE++ Base, stage 1: self-supervised pre-training on the hybrid of five corpora, as released.
# 187.9 M parameters, 27.1 GFLOP forward per clip. 8 GPUs x 164 clips = 1312 a step; learning rate 1.2e-4 x 1312 / 256 = 6.15e-4,
# 10 of 150 epochs warm-up, no clipping. Other numbers of GPUs or clips scale the rate automatically.
#
#   tools/dist_train.sh configs/avfmae_b_pretrain.py 8
_base_ = [
    './_base_/models/avfmae_b.py',
    './_base_/datasets/avfmae_hybrid.py',
    './_base_/stages/pretrain.py',
    './default_runtime.py',
]

train_dataloader = dict(batch_size=164)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
