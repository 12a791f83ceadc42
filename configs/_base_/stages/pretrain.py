# Stage 1, self-supervised pre-training. The values are those of the base model; the large and the huge model's configs
# override rate, epochs, warm-up and clipping.
#
# lr is given for a total batch of 256 and is multiplied by the real one / 256 (processes × batch × accumulation).
train_cfg = dict(type='ResumableTrainLoop', max_epochs=150)

optim_wrapper = dict(
    type='GuardedOptimWrapper',
    dtype='bfloat16',
    accumulative_counts=1,
    optimizer=dict(type='AdamW', lr=1.2e-4, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.05, fused=True),
    constructor='DecayOptimWrapperConstructor',
    # As released: biases, norms and the video decoder's mask token do not decay; the audio decoder's mask token and the
    # region tokens do.
    paramwise_cfg=dict(no_decay=['decoders.video.mask_token']),
)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=10, eta_min_ratio=1e-5 / 1.2e-4, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=True, base_batch_size=256)
