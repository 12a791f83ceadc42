# Stage 2 with the tiny model: supervised post-pre-training (PSI) on a labelled hybrid of two synthetic sets, in the
# 13 classes of the categorical hybrids. It has nobody in common with the set that is fine-tuned on afterwards.
#
#   python tools/data/make_synthetic.py demo/hybrid_a --clips 600 --subjects 100
#   python tools/data/make_synthetic.py demo/hybrid_b --clips 240 --subjects 40 --seed 2
#   python tools/train.py configs/demo/avfmae_tiny_postpretrain.py --cfg-options load_from=CHECKPOINT
_base_ = './avfmae_tiny_finetune.py'
from mmavf.datasets.targets import CEA_CLASSES

model = dict(head=dict(num_classes=len(CEA_CLASSES)))
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        _delete_=True,
        type='ConcatClipDataset',
        allow_missing_classes=True,  # the drawn faces show six of the 13
        datasets=[
            dict(
                type='AVClipDataset',
                ann_file='lists/all.csv',
                data_root=data_root,
                metainfo=dict(classes=CEA_CLASSES),
                on_bad='raise',
                pipeline=_base_.train_pipeline,
            )
            for data_root in ('demo/hybrid_a', 'demo/hybrid_b')
        ],
        # test data of the fine-tuning, none of which may be trained on
        held_out=[
            dict(
                type='AVClipDataset',
                ann_file='lists/all.csv',
                data_root='demo/target',
                metainfo=dict(classes=CEA_CLASSES),
                test_mode=True,
            )
        ],
    ),
)
# no validation: the last epoch counts
val_dataloader = val_evaluator = val_cfg = None
test_dataloader = test_evaluator = test_cfg = None
train_cfg = dict(max_epochs=8)
protocol = dict(stage='postpretrain')
