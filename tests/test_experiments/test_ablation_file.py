"""Ablation files: what they say, and what is refused."""

from pathlib import Path

import pytest

from mmavf.errors import ConfigError
from mmavf.experiments.ablation_file import Stage, read_ablation

ROOT = Path(__file__).parents[2]
FULL = """
base: fine.py
options: {a.b: 1, c: 2}
folds: [1, b]
seeds: [0, 3]
stages:
  pre: pre.py
  psi: {base: psi.py, per_fold: true, options: {lr: 1e-3}}
variants:
  first: {}
  other: {psi: {base: psi2.py, lr: 2, x: null}, c: 3, d: {_delete_: true, type: T}, base: fine2.py}
  scratch: {pre: null, psi: null, load_from: w.pth}
paper:
  first: {uar: 42.65, war: 56}
"""


def read(tmp_path, text, name='some.yml'):
    (tmp_path / name).write_text(text)
    return read_ablation(tmp_path / name)


def test_a_file_with_everything(tmp_path):
    ablation = read(tmp_path, FULL)
    first, other, scratch = ablation.variants
    assert (ablation.title, ablation.folds, ablation.seeds) == ('some', ('1', 'b'), (0, 3))
    assert ablation.paper == dict(first=dict(uar=42.65, war=56))
    assert (first.base, first.options) == ('fine.py', {'a.b': 1, 'c': 2})
    assert first.stages == (Stage('pre', 'pre.py'), Stage('psi', 'psi.py', dict(lr=0.001), per_fold=True))
    assert other.base == 'fine2.py' and other.options == {'a.b': 1, 'c': 3, 'd': dict(_delete_=True, type='T')}
    assert other.stages[1] == Stage('psi', 'psi2.py', dict(lr=2, x=None), per_fold=True)
    assert scratch.stages == () and scratch.options['load_from'] == 'w.pth'


def test_a_file_takes_over_what_it_does_not_have(tmp_path):
    (tmp_path / 'parent.yml').write_text(FULL)
    ablation = read(tmp_path, 'from: parent.yml\nbase: other.py\npaper: {scratch: {war: 1}}\nfolds: all')
    assert ablation.variants[0].base == 'other.py' and len(ablation.variants) == 3
    assert ablation.folds is None and ablation.paper == dict(scratch=dict(war=1))
    (tmp_path / 'child.yml').write_text('from: parent.yml')
    with pytest.raises(ConfigError, match='a `from` of its own'):
        read(tmp_path, 'from: child.yml')


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('base: a.py\nvariants: {x: {}, y: {}, x: {}}', "'x' is named twice"),
        ('base: a.py\nvariants: {x: {}}\nseed: [1]', "no key 'seed'; choose from from, title, base"),
        ('variants: {x: {}}', 'base must name the config'),
        ('base: a.py', 'one variant or more'),
        ('base: a.py\nvariants: {a/b: {}}', "'a/b' cannot be the name of a variant"),
        ('base: a.py\nvariants: {1: {}}', 'the key 1 is not text'),
        ('base: a.py\nvariants: {x: 3}', 'variants.x must be a mapping, not 3'),
        ('base: a.py\nvariants: {x: {randomness.seed: 3}}', 'variants.x.randomness.seed: the ablation sets it'),
        ('base: a.py\nvariants: {x: {base: 3}}', 'variants.x.base must name a config'),
        ('base: a.py\nvariants: {x: {}}\nseeds: [1, 1]', 'different whole numbers'),
        ('base: a.py\nvariants: {x: {}}\nseeds: 3', 'different whole numbers'),
        ('base: a.py\nvariants: {x: {}}\nfolds: 3', "folds must be 'all' or a list"),
        ('base: a.py\nvariants: {x: {}}\npaper: {y: {war: 3}}', "paper has no key 'y'; choose from x"),
        ('base: a.py\nvariants: {x: {}}\npaper: {x: {wra: 3}}', "paper.x has no key 'wra'"),
        ('base: a.py\nvariants: {x: {}}\npaper: {x: {war: high}}', 'must be a number'),
        ('base: a.py\nstages: {p: {bse: b.py}}\nvariants: {x: {}}', "stages.p has no key 'bse'"),
        ('base: a.py\nstages: {p: {}}\nvariants: {x: {}}', 'stages.p.base must name a config'),
        ('base: a.py\nstages: {p: {base: b.py, per_fold: 1}}\nvariants: {x: {}}', 'per_fold must be true or false'),
        ('base: a.py\nstages: {p: b.py}\nvariants: {x: {load_from: w.pth}}', 'starts from its stage p'),
        ('base: [a.py', 'cannot be read'),
        ('- a', 'must be a mapping'),
        ('', 'base must name'),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match='some.yml') as error:
        read(tmp_path, text)
    assert message in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match=r'none\.yml cannot be read: No such file'):
        read_ablation(tmp_path / 'none.yml')


@pytest.mark.parametrize('path', sorted((ROOT / 'projects/ablations').glob('*.yml')), ids=lambda path: path.stem)
def test_the_files_of_the_project_can_be_read_and_their_configs_exist(path):
    ablation = read_ablation(path)
    for variant in ablation.variants:
        assert (ROOT / variant.base).is_file()
        assert all((ROOT / stage.base).is_file() for stage in variant.stages)
