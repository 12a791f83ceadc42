"""VideoMAE V2 computes what the released model computes, with and without decoder masks."""

from projects.videomae import reference  # noqa: F401  registers the cases
from tests.helpers.reference import check_pretrain_case, findings, wrong


def test_pretraining_agrees_in_both_variants_and_changes_show():
    weight = 'encoder.blocks.1.attn.qkv.weight'
    check_pretrain_case('videomaev2_pretrain', ['eval', 'eval_nodecmask'], weight, 'norm')


def test_the_fine_tuned_model_agrees_and_changes_show():
    found = findings('videomaev2_finetune')
    assert wrong(found) == []
    assert {'eval.logits', 'eval.feature', 'eval.loss_ce', 'eval.grad.per_param_norm'} <= {f.quantity for f in found}

    def change(content):
        content['logits'][1, 3] += 1e-4

    assert wrong(findings('videomaev2_finetune', 'eval', change)) == ['eval.logits']
