"""The guard of the weights that a run starts from is there whatever the config says."""

import pytest

from mmavf.engine import LoadGuardHook
from mmavf.registry import HOOKS
from tests.helpers.train import tiny_runner


@HOOKS.register_module()
class OwnGuardHook(LoadGuardHook):
    """A guard of somebody's own."""


@pytest.mark.parametrize(('hooks', 'kind'), [([], LoadGuardHook), ([dict(type='OwnGuardHook')], OwnGuardHook)])
def test_a_run_has_one_guard_and_it_comes_first(tmp_path, hooks, kind):
    ema = dict(type='EMAHook')  # it copies the weights that are loaded
    runner = tiny_runner(tmp_path, custom_hooks=[ema, *hooks])
    assert [type(hook) for hook in runner.hooks if isinstance(hook, LoadGuardHook)] == [kind]
    assert type(runner.hooks[0]) is kind
