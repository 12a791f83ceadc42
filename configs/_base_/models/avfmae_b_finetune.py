# AVF-MAE++ Base for the labelled stages: 169.1 M parameters with 11 classes, 83.6 GFLOP forward per clip of 16 frames at
# 160 x 160 and 2.56 s of sound. The leaf sets model.head.num_classes. For video only or audio only, set the other
# encoder and the correlation module to None.
_base_ = './avfmae_b.py'

# as released for fine-tuning: initialisation of weights that no checkpoint fills
_encoder = dict(
    drop_path_rate=0.1, out_indices=(), init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02, bias=0.0)
)
model = dict(
    _delete_=True,
    type='AVFMAERecognizer',
    data_preprocessor=_base_.model.data_preprocessor,
    video_encoder={**_base_.model.video_encoder, **_encoder},
    audio_encoder={**_base_.model.audio_encoder, **_encoder},
    correlation=dict(**_base_.model.correlation, drop_path_rate=0.1),
    head=dict(
        type='ClassificationHead',
        loss=dict(type='SoftTargetCrossEntropy', label_smoothing=0.1),
    ),
    token_type='region',
)
