# HiCMAE with the widths of the demo's model, fine-tuned as it is.
_base_ = [
    '../../../hicmae/configs/_base_/hicmae_b_finetune.py',
    '../_base_/demo_finetune.py',
]
_encoder = dict(embed_dims=80, num_heads=4, depth=3, out_indices=(0, 1, 2), drop_path_rate=0.0)
model = dict(
    _base_.demo_model,
    video_encoder=dict(**_encoder, input_size=(4, 96, 96)),
    audio_encoder=_encoder,
    correlation=dict(embed_dims=80, num_heads=4, drop_path_rate=0.0),
)
