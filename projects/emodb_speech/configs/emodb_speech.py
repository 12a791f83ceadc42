# Emotion from German acted speech (EMO-DB, seven classes): the recipe for sound of small sets, 0.42 M parameters.
# projects/emodb_speech/make_model.py makes the list and runs everything; by hand, for two held-out speakers:
#
#   python tools/train.py projects/emodb_speech/configs/emodb_speech.py --fold 1
_base_ = '../../../configs/small/audio.py'
from mmavf.datasets.targets import list_settings

_classes = ['anger', 'boredom', 'disgust', 'fear', 'happiness', 'neutral', 'sadness']
_settings = list_settings('data/emodb_speech', classes=_classes, split_column='fold', modalities=('audio',))
_statistics = dict(mean=-3.144, std=4.591)  # of the recordings, by mmavf data-stats --mel-bins 64 --mel-frame-ms 50
for _loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
    _settings[_loader]['dataset']['pipeline'] = [
        dict(step, **_statistics) if step['type'] == 'LogMel' else step
        for step in _base_[_loader]['dataset']['pipeline']
    ]
globals().update(_settings)
