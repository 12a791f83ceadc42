# Emotion from German acted speech (EMO-DB, seven classes): the tiny audio encoder, 0.5 M parameters, from scratch.
# projects/emodb_speech/make_model.py makes the list and runs everything; by hand, for two held-out speakers:
#
#   python tools/train.py projects/emodb_speech/configs/emodb_speech.py --fold 1
_base_ = '../../../configs/demo/avfmae_tiny_speech.py'
from mmavf.datasets.targets import list_settings

globals().update(
    list_settings(
        data_root='data/emodb_speech',
        classes=['anger', 'boredom', 'disgust', 'fear', 'happiness', 'neutral', 'sadness'],
        split_column='fold',
        modalities=('audio',),
    )
)
train_cfg = dict(max_epochs=18)
