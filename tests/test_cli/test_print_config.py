"""The resolved config with the origin of each value: against origins noted by hand, and read again as a config."""

import re
import sys

import pytest
from mmengine.config import Config

from mmavf.cli.config_origins import origins_of
from mmavf.cli.config_text import config_text
from mmavf.cli.main import main
from mmavf.datasets.targets import hold_out_target
from mmavf.protocol.protocol import apply_protocol
from tests.helpers.models import ROOT

FILES = {
    'first.py': """
model = dict(type='A', inner=dict(x=1, y=2, z=3), gone=dict(p=1, q=2), sizes=(1, 2), names=['a'])
pipeline = [dict(type='P', n=1), dict(type='Q', n=2)]
steps = [dict(type='P', n=1), dict(type='Q', n=2)]
""",
    'second.py': "seed = 1\nwords = dict(a='b')\n",
    'middle.py': """
_base_ = ['./first.py', 'second.py']
model = dict(inner=dict(x=5, y=2), names=['a', 'b'])
steps = [dict(type='P', n=4)]
""",
    'leaf.py': """
_base_ = 'middle.py'
def more(n):
    return dict(added=n, words=dict(c='d'))
model = dict(gone=dict(_delete_=True, q=3))
globals().update(more(2))
""",
}
# Each value, as it is printed, and where it was changed last; middle.py says y=2 again, which changes nothing.
EXPECTED = [
    ("type='A',", 'first.py'),
    ('x=5,', 'middle.py'),
    ('y=8,', '--cfg-options'),
    ('z=3,', 'first.py'),
    ('gone=dict(q=3),', 'leaf.py'),
    ('sizes=(1, 2),', 'first.py'),
    ("names=['a', 'b'],", 'middle.py'),
    ("dict(type='P', n=1),", 'first.py'),
    ("type='Q',", 'first.py'),
    ('n=7,', '--cfg-options'),
    ("steps = [dict(type='P', n=4)]", 'middle.py'),
    ('seed = 1', 'second.py'),
    ("a='b',", 'second.py'),
    ("c='d',", 'leaf.py: more(2)'),
    ('added = 2', 'leaf.py: more(2)'),
]


@pytest.fixture
def printed(monkeypatch, capsys, tmp_path):
    """Print a config in this process, in an empty folder; return the output."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, 'path', list(sys.path))
        status = main(['print-config', *map(str, words)])
        out, errors = capsys.readouterr()
        assert (status, errors) == (0, '')
        return out

    return run


def read(text, folder):
    """Read what was printed as a config."""
    (folder / 'printed.py').write_text(text)
    return Config.fromfile(folder / 'printed.py').to_dict()


def test_each_value_has_the_file_that_changed_it_last(printed, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    text = printed('leaf.py', '--cfg-options', 'model.inner.y=8', 'pipeline.1.n=7')
    assert re.findall(r'^ *(\S.*?) +# (.*)$', text, flags=re.MULTILINE) == EXPECTED
    cfg = Config.fromfile('leaf.py')
    cfg.merge_from_dict({'model.inner.y': 8, 'pipeline.1.n': 7})
    assert read(text, tmp_path) == cfg.to_dict()


def test_a_real_config_is_printed_as_a_run_gets_it(printed, tmp_path):
    config = tmp_path / 'mine.py'
    settings = "list_settings(data_root='/data/mine', classes=['calm', 'excited'])"
    config.write_text(
        f"_base_ = '{ROOT}/configs/avfmae_b_finetune.py'\nfrom mmavf.datasets.targets import list_settings\n"
        f'globals().update({settings})\n'
    )
    text = printed(config, '--fold', 'anna', '--cfg-options', 'train_cfg.max_epochs=7')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict({'train_cfg.max_epochs': 7, 'protocol.fold': 'anna'})
    apply_protocol(cfg, hold_out_target)
    assert read(text, tmp_path) == cfg.to_dict()
    origins = dict(re.findall(r'^ *(\S.*?),? +# (.*)$', text, flags=re.MULTILINE))
    assert origins['num_classes=2'] == f'mine.py: {settings}'
    assert origins['max_epochs=7'] == '--cfg-options' and origins["fold='anna'"] == 'command line'
    assert origins["held_out='anna'"] == origins['val_dataloader = None'] == 'protocol'
    assert origins['depth=10'].endswith('configs/_base_/models/avfmae_b.py')


def test_a_protocol_that_cannot_be_applied_is_said(printed, tmp_path):
    text = printed(ROOT / 'configs/avfmae_b_postpretrain_cea.py')
    assert text.startswith('# The protocol is not applied. Which target is this post-pre-training for?')
    assert read(text, tmp_path) == Config.fromfile(ROOT / 'configs/avfmae_b_postpretrain_cea.py').to_dict()


def test_values_of_every_kind_are_read_again(tmp_path):
    values = dict(
        words={'a b': 1, 'class': 2, 3: 'x', 'fine': [(), {}, []]},
        one=(1,),
        nested=((1, dict(a=[dict(b=None)])),),
        phrase='it\'s "so"\n # not a comment',
        infinite=[float('inf'), -float('inf'), 1e-8],
        long=[dict(name='n' * 60, other='m' * 60), True],
    )
    origins = dict.fromkeys(values, 'a.py')
    assert read(config_text(values, origins), tmp_path) == values


@pytest.mark.parametrize(
    ('new', 'old', 'expected'),
    [
        ([1, 2], [1, 2, 3], ['new', 'new']),
        ((1, 2), [1, 2], ['new', 'new']),
        ([1, 3], [1, 2], ['old', 'new']),
        (True, 1, 'new'),
        (dict(a=1), 5, dict(a='new')),
        ([], [1], 'new'),
        ({}, {}, 'old'),
        (None, 0, 'new'),
    ],
)
def test_what_counts_as_changed(new, old, expected):
    assert origins_of(new, old, origins_of(old, None, None, 'old'), 'new') == expected
