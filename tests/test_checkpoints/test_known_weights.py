"""The table of public weights: complete, the same in the documentation, and each row can be converted."""

import argparse
import re

import pytest
import torch
from mmengine.config import Config

from mmavf.apis import init_model
from mmavf.apis.release import publish_release
from mmavf.checkpoints.conversion import convert_state_dict, family_names
from mmavf.checkpoints.known_weights import KNOWN_WEIGHTS, find_weights, weights_table
from mmavf.checkpoints.published import read_card
from mmavf.cli.main import main
from mmavf.datasets.targets import get_card
from mmavf.engine.config_file import load_config
from mmavf.errors import CheckpointError, ConfigError
from tests.helpers.models import ROOT

SMALL = dict(embed_dims=48, num_heads=4)


@pytest.mark.parametrize('row', KNOWN_WEIGHTS, ids=lambda row: row.name)
def test_a_row_names_what_there_is(row):
    assert row.family in family_names() and row.page.startswith('https://')
    assert row.config is None or (ROOT / row.config).is_file()
    if row.target:
        card = get_card(row.target)
        assert row.folds == (5 if card.folds.number == 5 else 1)
        assert Config.fromfile(str(ROOT / row.config)).model.head.num_classes == card.num_classes


def test_the_page_has_the_table(capsys):
    assert weights_table() in (ROOT / 'docs/weights.md').read_text()
    assert main(['models']) == 0
    printed = capsys.readouterr().out
    assert printed == weights_table() + '\n'
    assert re.findall(r'^\| `([\w-]+)`', printed, re.M) == [row.name for row in KNOWN_WEIGHTS]


SOME = ['hicmae-base-mafw11', 'svfap-base-dfew', 'mae-dfer-base', 'avfmae-huge']


@pytest.fixture(params=SOME)
def released(request, tmp_path, monkeypatch):
    """A row, a file as its owner would write it for a small model, the small model and its config."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    row = find_weights(request.param)
    cfg = load_config(row.config)
    parts = [cfg.model.get(f'{m}_{part}') for m in ('video', 'audio') for part in ('encoder', 'decoder')]
    parts += [*cfg.model.get('encoders', {}).values(), *cfg.model.get('decoders', {}).values()]
    for part in filter(None, parts):
        part.update(SMALL, **{'depths': (1, 2, 2)} if 'depths' in part else {'depth': 2} if 'depth' in part else {})
        if part.get('out_indices'):
            part['out_indices'] = (0, 1)
        if 'num_skips' in part:
            part['num_skips'] = 2
    if cfg.model.get('correlation'):
        cfg.model.correlation.update(SMALL)
    cfg.model.pop('contrastive_loss', None)
    cfg.dump(tmp_path / 'small.py')
    torch.manual_seed(0)
    model = init_model(cfg, device='cpu')
    path = tmp_path / 'fold_3/mafw_dfew/model.pth'
    path.parent.mkdir(parents=True)
    content = dict(model=convert_state_dict(model.state_dict(), to_released=True), args=argparse.Namespace(lr=1.0))
    torch.save(dict(content, optimizer=dict(state={})), path)
    return row, path, model, tmp_path / 'small.py'


def test_a_released_file_becomes_a_published_model(released, tmp_path, capsys):
    row, path, model, config = released
    out = tmp_path / 'out'
    assert main(['models', 'convert', row.name, str(path), str(out), '--config', str(config)]) == 0
    found = init_model(out, device='cpu')
    assert found.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in found.state_dict().items())
    card = read_card(out)
    assert card['licence'] == row.licence and row.page in card['origin']
    assert 'trained on: see its origin above.' in (out / 'README.md').read_text()
    assert card['preprocessing']['video']['window_sec'] == pytest.approx(2.56)
    if row.target:
        assert card['names'] == list(get_card(row.target).classes) and 'held out was fold 3' in card['origin']
    assert ('licence is not known' in capsys.readouterr().out) == (row.licence is None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['fold_3', 'out', 'small.py']


@pytest.mark.parametrize('released', ['hicmae-base-mafw11'], indirect=True)
def test_what_does_not_fit_is_refused(released, tmp_path):
    row, path, _, config = released
    with pytest.raises(ConfigError, match='no known weights .hicmae.; choose from avfmae-huge, hicmae-base,'):
        find_weights('hicmae')
    other = find_weights('videomae-v2')
    with pytest.raises(CheckpointError, match=f'weights of {re.escape(row.family)}, and videomae-v2 is of VideoMAE'):
        publish_release(other, path, tmp_path / 'out', config)
    with pytest.raises(CheckpointError, match='does not fit the model of'):  # of another size
        publish_release(row, path, tmp_path / 'out', ROOT / row.config)
    assert not (tmp_path / 'out').exists()
    assert main(['models', 'convert', 'videomae-v2', str(path), str(tmp_path / 'out')]) == 1  # which size?
