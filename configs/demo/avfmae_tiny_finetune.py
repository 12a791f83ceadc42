# Stage 3 with the tiny model: fine-tuning on a small labelled set of six emotions, the subjects of one fold held out.
#
#   python tools/data/make_synthetic.py demo/target --clips 96 --subjects 16 --seed 1
#   python tools/train.py configs/demo/avfmae_tiny_finetune.py --fold 1 --cfg-options load_from=CHECKPOINT
_base_ = [
    '../_base_/models/avfmae_tiny_finetune.py',
    '../_base_/datasets/demo_labelled.py',
    '../_base_/stages/finetune_tiny.py',
    '../default_runtime.py',
]
from mmavf.datasets.targets import list_settings
from mmavf.synthetic.emotions import CLASSES

globals().update(list_settings(data_root='demo/target', classes=CLASSES, split_column='fold'))
train_cfg = dict(max_epochs=16)
# no mixing: so small a model learns nothing from mixed faces in so short a time
model['data_preprocessor']['batch_augment']['prob'] = 0.0
