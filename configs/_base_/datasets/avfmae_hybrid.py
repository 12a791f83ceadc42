"""Pre-training data of AVF-MAE++: the hybrid of five corpora (paper, section 3.5: 1,360,531 clips after filtering).

Put each corpus into data/<corpus>/ with its list in data/<corpus>/lists/pretrain.csv (docs/data.md). Missing lists are
named before training starts. Sampling, augmentation and loader are those of single_list.py.
"""

_base_ = './single_list.py'

corpora = ['voxceleb2', 'cn_celeb', 'av_speech', 'celebv_hq', 'mer2024_unlabelled']

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatClipDataset',
        datasets=[
            dict(
                type='AVClipDataset',
                ann_file='lists/pretrain.csv',
                data_root=f'data/{corpus}',
                on_bad='skip',
                max_bad_ratio=0.01,
                pipeline={{_base_.train_pipeline}},
            )
            for corpus in corpora
        ],
    ),
)
