# avfmae_h_pretrain.py with weights, gradients and moments divided among the GPUs, blocks in bfloat16 (docs/scale.md).
# Huge fits on a GPU without it: a template for larger models. Two or more processes; torch 2.8 or later.
#
#   tools/dist_train.sh configs/avfmae_h_pretrain_fsdp.py 8
_base_ = './avfmae_h_pretrain.py'

model_wrapper_cfg = dict(_delete_=True, type='FullyShard', param_dtype='bfloat16')
