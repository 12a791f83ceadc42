"""SVFAP computes what the released model computes, and what its paper says."""

from projects.svfap import reference  # noqa: F401  registers the cases
from tests.helpers.reference import check_pretrain_case


def test_pretraining_agrees_in_all_variants_and_changes_show():
    weight = 'encoder.temporal_downsamples.0.weight'
    check_pretrain_case('svfap_pretrain', ['eval', 'eval_ctx', 'eval_up', 'eval_paper'], weight, 'norm')
