"""A training that learns nothing is told so once; one that learns, or is watched otherwise, is not."""

import pytest
from mmengine.model import BaseModel

from mmavf.models.heads import ClassificationHead
from mmavf.registry import MODELS
from tests.helpers.train import TINY_FOLDS, tiny_runner

HOOK = dict(type='ChanceLossHook', min_steps=5)


@MODELS.register_module()
class LinearClassifier(BaseModel):
    """The head of this package on the log-mel itself."""

    def __init__(self):
        super().__init__(data_preprocessor=dict(type='TinyPreprocessor'))
        self.head = ClassificationHead(16, 3, dict(type='SoftTargetCrossEntropy', label_smoothing=0.0))

    def forward(self, inputs, data_samples=None, mode='loss'):
        logits = self.head(inputs['audio'].flatten(1))[1]
        return (
            dict(loss=self.head.loss(logits, data_samples))
            if mode == 'loss'
            else self.head.predict(logits, data_samples)
        )


@pytest.fixture
def warnings(tmp_path, monkeypatch):
    """Train with options; return the warnings about chance."""

    def run(rate, epochs=10, model='LinearClassifier', **options):
        options |= {
            'model.type': model,
            'optim_wrapper.optimizer.lr': rate,
            'train_cfg.max_epochs': epochs,
            'custom_hooks': [HOOK],
            'protocol.fold': '1',
        }
        runner = tiny_runner(tmp_path, TINY_FOLDS, **{key.replace('.', '__'): value for key, value in options.items()})
        found = []
        monkeypatch.setattr(runner.logger, 'warning', found.append)
        runner.train()
        return [text for text in found if 'the same answer for all clips' in text]

    return run


def test_a_model_that_does_not_learn_is_named_once(warnings):
    (text,) = warnings(rate=0.0)
    assert 'After 12 of 120 steps the loss is ' in text and 'would have 1.0' in text  # at most ln 3
    assert 'mmavf browse CONFIG' in text


@pytest.mark.parametrize(
    'options',
    [
        dict(rate=6.0),  # for a batch of 256: it learns
        dict(rate=0.0, epochs=5),  # too few steps
        dict(rate=0.0, model='TinyClassifier'),  # another loss
        {'rate': 0.0, 'protocol.selection': 'paper'},  # the validation shows it
    ],
)
def test_others_are_left_alone(warnings, options):
    assert warnings(**options) == []
