# Emotion from speech alone with the tiny model, without a GPU: the audio encoder of stage 3, the speakers of one fold
# held out. For real sets of a few hundred recordings configs/small/audio.py learns far more (docs/speech.md).
#
#   OMP_NUM_THREADS=1 python tools/cross_validate.py configs/demo/avfmae_tiny_speech.py --folds all
_base_ = [
    '../_base_/models/avfmae_tiny_finetune.py',
    '../_base_/datasets/finetune_audio.py',
    '../_base_/stages/finetune_tiny.py',
    '../default_runtime.py',
]
from mmavf.datasets.targets import get_card, list_settings

globals().update(
    list_settings(
        data_root='data/ravdess_speech',
        classes=get_card('ravdess').classes,
        split_column='fold',
        modalities=('audio',),
    )
)
# two windows from each reading of a file, because reading takes as long as the tiny model
train_pipeline = [dict(step, num_clips=2) if step['type'] == 'SampleWindow' else step for step in _base_.train_pipeline]
train_dataloader['batch_size'] = 4
train_dataloader['dataset']['pipeline'] = train_pipeline
val_dataloader['batch_size'] = test_dataloader['batch_size'] = 8
model['data_preprocessor']['batch_augment']['prob'] = 0.0  # no mixing: better in so short a training
train_cfg = dict(max_epochs=50)
param_scheduler = [dict(_base_.param_scheduler[0], warmup=5)]
