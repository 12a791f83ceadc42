# VideoMAE V2 giant for the labelled stages: the mean of all tokens. The leaf sets model.head.num_classes.
_base_ = './videomae_v2_g.py'

_encoder = dict(
    drop_path_rate=0.25, final_norm=False, init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02, bias=0.0)
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
        dropout=0.5,
        loss=dict(type='SoftTargetCrossEntropy', label_smoothing=0.1),
    ),
)
