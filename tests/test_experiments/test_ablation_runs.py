"""Runs of an ablation with a program that learns nothing: what runs, what is shared, what goes on."""

import sys

import pytest

from mmavf.errors import ConfigError
from mmavf.experiments.ablation_configs import check_ablation
from mmavf.experiments.ablation_file import read_ablation
from mmavf.experiments.ablation_runs import AblationRuns

PROGRAM = """
import sys
from pathlib import Path
step, config, *rest = sys.argv[1:]
root = Path(__file__).parent
with open(root / 'calls', 'a') as file:
    print(step, *(word.replace(str(root) + '/', '') for word in sys.argv[2:]), file=file)
folder = Path(rest[rest.index('--work-dir') + 1])
if (root / f'broken-{folder.name}').exists() or (root / f'broken-{folder.name[:8]}').exists():
    sys.exit('ConfigError: no luck')
(folder / 'epoch_1.pth').touch()
(folder / 'last_checkpoint').write_text(str(folder / 'epoch_1.pth'))
if '--test' in rest:
    out = folder / 'test'
    out.mkdir()
    (out / 'predictions.pkl').touch()
    (out / 'metrics.json').write_text('{"test": {"lists": {}}}')
"""
FILE = """
base: tests/helpers/tiny_finetune.py
folds: [1, 2]
stages:
  pre: tests/helpers/tiny_pretrain.py
  psi: {base: tests/helpers/tiny_finetune.py, per_fold: true, options: {train_cfg.max_epochs: 1}}
variants:
  first: {}
  slow: {optim_wrapper.optimizer.lr: 1e-4}
  no-psi: {psi: null}
  scratch: {pre: null, psi: null}
"""


@pytest.fixture
def plan(tmp_path):
    """Return runs of a file."""
    (tmp_path / 'program.py').write_text(PROGRAM)

    def make(text=FILE):
        (tmp_path / 'some.yml').write_text(text)
        runs = AblationRuns(
            read_ablation(tmp_path / 'some.yml'),
            ['1', '2'],
            tmp_path / 'work',
            program=[sys.executable, str(tmp_path / 'program.py')],
        )
        runs.prepare()
        return runs

    return make


def calls(tmp_path, word=''):
    return [line for line in (tmp_path / 'calls').read_text().splitlines() if word in line]


def test_stages_run_first_once_for_all_that_start_from_them_and_are_not_run_again(tmp_path, plan):
    runs = plan()
    assert runs.run(lambda line: None) == {}
    assert runs.count_finished() == (8, 8) and runs.listing() == []
    trained = calls(tmp_path, 'train ')
    assert len(trained) == 1 + 2 + 8 and sum('--test' in line for line in trained) == 8
    assert 'stages/pre-seed_0-' in trained[0] and '--fold' not in trained[0]
    assert ['--fold=1' in trained[1], '--fold=2' in trained[2]] == [True, True]
    assert all('stages/psi-seed_0-' in line for line in trained[1:3])
    starts = {planned.variant.name: planned.cfg.get('load_from') for planned in runs.variants}
    assert starts['first'] == starts['slow'] and starts['first'].endswith('/fold_{fold}/final.pth')
    assert '/pre-seed_0-' in starts['no-psi'] and starts['scratch'] is None
    stage = next(iter(runs.variants[0].starts.values()))
    assert (stage.folder / 'final.pth').resolve() == stage.folder / 'epoch_1.pth'
    again = plan()
    assert again.run(lambda line: None) == {} and len(calls(tmp_path)) == 11


def test_what_starts_from_a_failed_stage_is_named_and_the_others_go_on(tmp_path, plan):
    (tmp_path / 'broken-pre-seed').touch()
    failed = plan().run(lambda line: None)
    assert len(failed) == 1 + 2 + 6 and 'no luck' in next(iter(failed.values()))
    assert 'failed' in failed['no-psi, seed 0, fold 2'] and 'pre-seed_0' in failed['no-psi, seed 0, fold 2']
    assert 'scratch, seed 0, fold 1' not in failed
    (tmp_path / 'broken-pre-seed').unlink()
    runs = plan()
    assert runs.count_finished() == (2, 8)
    assert runs.run(lambda line: None) == {} and runs.count_finished() == (8, 8)


def test_an_interrupted_run_continues(tmp_path, plan):
    (tmp_path / 'broken-fold_2').touch()
    runs = plan(
        FILE.replace('  psi: {base', '  none: {base').replace('psi: null', 'none: null').split('variants')[0]
        + 'variants: {scratch: {pre: null, none: null}}'
    )
    assert list(runs.run(lambda line: None)) == ['scratch, seed 0, fold 2']
    folder = tmp_path / 'work/scratch/seed_0/fold_2'
    (folder / 'epoch_1.pth').touch()
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_1.pth'))
    (tmp_path / 'broken-fold_2').unlink()
    assert runs.run(lambda line: None) == {}
    assert '--resume' in calls(tmp_path, 'train ')[-1]


def test_changed_options_are_refused(tmp_path, plan):
    plan()
    with pytest.raises(ConfigError, match=r'slow, seed 0: .*another config or by hand: 1, 2'):
        plan(FILE.replace('1e-4', '1e-5'))


def test_a_stage_for_all_folds_cannot_follow_one_per_fold(plan):
    stages = (
        'stages: {psi: {base: tests/helpers/tiny_finetune.py, per_fold: true}, pre: tests/helpers/tiny_pretrain.py}'
    )
    with pytest.raises(ConfigError, match='stage pre comes after one that trains per fold'):
        plan(f'base: tests/helpers/tiny_finetune.py\n{stages}\nvariants: {{first: {{}}}}')


@pytest.mark.parametrize(
    ('variant', 'message'),
    [
        ('{base: none.py}', 'variant x: none.py: there is no such config'),
        ('{modle.type: A}', "variant x: --cfg-options modle.type: neither the config nor the runner has 'modle'"),
        ('{model.type: TinyClasifier}', 'variant x: the model cannot be built'),
        ('{model.depth: 3}', 'variant x: the model cannot be built'),
        ('{base: configs/demo/avfmae_tiny_finetune.py, model.audio_encoder: null}', 'variant x: train_dataloader: its'),
        ('{pre: {model.depth: 3}}', 'variant x, stage pre: the model cannot be built'),
        ('{protocol.selection: paper}', "another protocol than first: selection 'paper' and 'strict'"),
        ('{test_evaluator.resamples: 3}', 'another test_evaluator than first: resamples 3 and 20'),
        ('{test_dataloader.dataset.split.held_out: 2}', 'other folds than first'),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(tmp_path, variant, message):
    text = 'base: tests/helpers/tiny_finetune.py\nstages: {pre: tests/helpers/tiny_pretrain.py}\n'
    text += f'variants:\n  first: {{protocol.selection: strict}}\n  x: {variant}\n'
    (tmp_path / 'some.yml').write_text(text)
    with pytest.raises(ConfigError) as error:
        check_ablation(read_ablation(tmp_path / 'some.yml'))
    assert message in str(error.value)


def test_folds_of_a_file_that_fits(tmp_path):
    (tmp_path / 'some.yml').write_text(FILE)
    assert check_ablation(read_ablation(tmp_path / 'some.yml')) == ['1', '2', '3']
