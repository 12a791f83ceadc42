"""What the log says of losses that come and go, and with hooks of others in the places of this project's."""

import json
import math

import pytest
from mmengine.hooks import Hook

from mmavf.registry import HOOKS, MODELS
from tests.helpers.tiny import TinyModel
from tests.helpers.train import tiny_runner


@MODELS.register_module()
class MoodyModel(TinyModel):
    """Has a third loss in every third step, of the number of the step."""

    steps = 0

    def forward(self, inputs, data_samples=None, mode='loss'):
        losses = super().forward(inputs, data_samples, mode)
        if self.steps % 3 == 0:
            losses['loss_rare'] = losses['loss_video'] * 0 + self.steps
        self.steps += 1
        return losses


@HOOKS.register_module()
class NoLoggerHook(Hook):
    """Stands where the LoggerHook was."""


def logged(work_dir):
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_term_that_comes_and_goes_is_averaged_over_its_own_steps(tmp_path):
    tiny_runner(tmp_path, model__type='MoodyModel', train_cfg__max_epochs=1, default_hooks__logger__interval=5).train()
    rows = logged(tmp_path)  # after steps 5, 10 and 11, counted from 1
    assert [row['loss_rare'] for row in rows[:2]] == [(0 + 3) / 2, (6 + 9) / 2] and math.isnan(rows[2]['loss_rare'])
    assert all(row['loss_video'] > 0 for row in rows)


@pytest.mark.parametrize(
    ('name', 'hook'),
    [
        ('runtime_info', 'RuntimeInfoHook'),
        ('timer', 'IterTimerHook'),
        ('timer', None),
        ('logger', None),
        ('logger', 'NoLoggerHook'),
    ],
)
def test_hooks_of_others_in_the_places_of_this_projects(tmp_path, name, hook, capsys):
    value = None if hook is None else dict(_delete_=True, type=hook)
    tiny_runner(tmp_path, train_cfg__max_epochs=1, **{f'default_hooks__{name}': value}).train()
    assert (tmp_path / 'epoch_1.pth').exists()
    if name != 'logger':
        assert '  loss ' in capsys.readouterr().out
