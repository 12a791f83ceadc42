# AVF-MAE++ Huge, stage 3 on micro-expressions: frames spread over short clips from onset to offset, no sound. Needs a
# labelled list and settings without the audio encoder (list_settings with modalities=('video',)).
_base_ = [
    './_base_/models/avfmae_h_finetune.py',
    './_base_/datasets/finetune_micro.py',
    './_base_/stages/finetune.py',
    './default_runtime.py',
]
