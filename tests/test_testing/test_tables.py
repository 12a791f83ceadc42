"""Fine-tuning takes over the weights that the releases take over, and trains each at their rate."""

import pytest

from mmavf.testing.reference import LayerDecayCase, TransferCase, find_case
from projects.hicmae import reference as hicmae  # noqa: F401  registers its cases, as the next ones do
from projects.mae_dfer import reference as mae_dfer  # noqa: F401
from projects.svfap import reference as svfap  # noqa: F401
from projects.videomae import reference as videomae  # noqa: F401
from tests.helpers.reference import GOLDEN, findings, wrong

TABLES = sorted(path.stem for path in GOLDEN.glob('*.json') if path.stem != 'manifest')
METHODS = ('avfmaepp_B', 'hicmae_B', 'maedfer', 'svfap_B', 'videomaev2_B')


def test_there_is_a_table_of_rates_of_every_method():
    rates = [name for name in TABLES if isinstance(find_case(name), LayerDecayCase)]
    assert rates == [f'layer_decay_{method}_finetune' for method in METHODS]


@pytest.mark.parametrize('name', TABLES)
def test_a_table_agrees_and_a_changed_entry_shows(name):
    assert wrong(findings(name)) == []
    if isinstance(find_case(name), TransferCase):

        def move(table):
            table['unused_from_pretrain'].append(table['matched'].pop())

        differing = ['matched (names that differ)', 'unused_from_pretrain (names that differ)']
        assert wrong(findings(name, change=move)) == differing
        return

    def swap(table):
        first, *_, last = table['params'].values()
        first['layer_id'] = 1 + last['layer_id'] // 2
        last['weight_decay'] = 0.05 - last['weight_decay']

    assert wrong(findings(name, change=swap)) == ['lr_scale', 'weight_decay']

    def rename(table):
        entry = table['params'].pop('head.bias')
        table['params']['fc_norm.bias'] = entry

    assert wrong(findings(name, change=rename)) == ['names (names that differ)']


def test_pretrained_mae_dfer_gives_all_but_the_head(tmp_path):
    # no table is stored of it; the counts are those of the released program's log
    rates = find_case('layer_decay_maedfer_finetune')
    case = TransferCase(rates.finetune.with_name('mae_dfer_b_pretrain.py'), rates.finetune)
    nothing = dict(rule='', matched=(), shape_mismatch=(), missing_in_pretrain=(), unused_from_pretrain=())
    counts = [finding.difference for finding in case.check('mae_dfer', {}, lambda name: nothing)]
    assert counts == [515, 0, 4, 60]
