# Stage 3, supervised fine-tuning: the released recipe. Configs of targets set their own rate, epochs and batch size.
#
# lr is given for a total batch of 256 and is multiplied by the real one / 256 (processes × batch × accumulation); the
# final rate, 1e-6, scales with it. Averaged weights (EMA) are an option of MMEngine:
#   --cfg-options default_hooks.ema.type=EMAHook default_hooks.ema.momentum=0.0002
train_cfg = dict(type='ResumableTrainLoop', max_epochs=100, val_interval=1)
val_cfg = dict(type='AVFValLoop')
test_cfg = dict(type='AVFTestLoop')

optim_wrapper = dict(
    type='GuardedOptimWrapper',
    dtype='bfloat16',
    accumulative_counts=1,
    optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05, fused=True),
    constructor='DecayOptimWrapperConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.75),
)
param_scheduler = [
    dict(type='WarmupCosineLR', warmup=5, eta_min_ratio=1e-6 / 1e-3, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=True, base_batch_size=256)

# Data that is trained on and held out, and selection of the checkpoint; options --target, --fold, --selection,
# --allow-overlap.
#   strict: without the test fold: the last epoch or, with val_share > 0, the best one on that share of the training
#           fold.
#   paper:  the best epoch on the test fold, as in the published figures.
# {fold} in load_from is replaced by the fold, so that each fold starts from the post-pre-training that left it out:
#   --cfg-options load_from='work_dirs/avfmae_b_postpretrain_cea/TARGET/fold_{fold}/epoch_50.pth'
protocol = dict(stage='finetune', target=None, fold=None, selection='strict', val_share=0.0, allow_overlap=False)
