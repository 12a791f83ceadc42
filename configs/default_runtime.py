# Settings common to all stages: runner, logs, checkpoints, guards.
default_scope = 'mmavf'

randomness = dict(seed=0)
env_cfg = dict(
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
# Normalisation statistics are those of rank 0 on all ranks.
model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=True, gradient_as_bucket_view=True)

default_hooks = dict(
    runtime_info=dict(type='TrainStatsHook'),
    timer=dict(type='ThroughputHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', interval=1, iter_interval=1000, keep_iter=2),
)
custom_hooks = [
    dict(type='NonFiniteGuardHook', max_in_row=10),
    dict(type='BadSamplesHook'),
    dict(type='LossCurveHook'),
    dict(type='ChanceLossHook'),
]

log_processor = dict(type='ProgressLogProcessor')
log_level = 'INFO'
vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
visualizer = dict(type='Visualizer', vis_backends=vis_backends)

load_from = None
resume = False
