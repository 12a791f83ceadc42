"""MAE-DFER computes what the released model computes."""

from projects.mae_dfer import reference  # noqa: F401  registers the cases
from tests.helpers.reference import check_pretrain_case


def test_pretraining_agrees_and_changes_show():
    check_pretrain_case('maedfer_pretrain', ['eval'], 'encoder.blocks.1.mlp.fc1.weight', 'framediff')
