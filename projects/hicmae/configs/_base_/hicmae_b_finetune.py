# HiCMAE Base for the labelled stages: four features, the local tokens of all layers and the fused ones of either modality.
# The leaf sets model.head.num_classes.
_base_ = './hicmae_b.py'

_encoder = dict(
    out_indices=tuple(range(10)),
    drop_path_rate=0.1,
    init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02, bias=0.0),
)
model = dict(
    _delete_=True,
    type='AVFMAERecognizer',
    data_preprocessor=_base_.model.data_preprocessor,
    video_encoder={**_base_.model.encoders.video, **_encoder},
    audio_encoder={**_base_.model.encoders.audio, **_encoder},
    correlation=dict(**_base_.model.correlation, drop_path_rate=0.1),
    token_type='local',
    features=('layers', 'correlated'),
    head=dict(type='ClassificationHead', loss=dict(type='SoftTargetCrossEntropy', label_smoothing=0.1)),
)
