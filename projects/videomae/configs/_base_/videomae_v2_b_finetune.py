# VideoMAE V2 Base for the labelled stages: the mean of all tokens. The leaf sets model.head.num_classes.
_base_ = './videomae_v2_b.py'

_encoder = dict(
    drop_path_rate=0.1, final_norm=False, init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02, bias=0.0)
)
model = dict(
    _delete_=True,
    type='AVFMAERecognizer',
    data_preprocessor=_base_.model.data_preprocessor,
    video_encoder={**_base_.model.encoders.video, **_encoder},
    token_type='local',
    head=dict(
        type='ClassificationHead',
        init_scale=0.001,
        loss=dict(type='SoftTargetCrossEntropy', label_smoothing=0.1),
    ),
)
