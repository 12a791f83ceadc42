"""HiCMAE computes what the released model computes."""

from projects.hicmae import reference  # noqa: F401  registers the cases
from tests.helpers.reference import check_pretrain_case


def test_pretraining_agrees_and_changes_show():
    weight = 'encoder_fusion.blocks_audio.1.cross_attn.kv.weight'
    check_pretrain_case('hicmae_pretrain', ['eval'], weight, 'framediff')
