"""The cases of reference numbers that the repository holds, as they are and with a number changed."""

import json
from collections.abc import Callable

from mmavf.testing.reference import Finding, find_case, folder_loader

from .models import ROOT

GOLDEN = ROOT / 'tests/data/golden'


def findings(case: str, file: str = '', change: Callable[[dict], None] | None = None) -> list[Finding]:
    """Compare a case with the repository's reference numbers.

    Args:
        case: Its name.
        file: Part of the case, as 'eval', that is changed first; '' for a table.
        change: Changes the part's content in place.
    """
    read = folder_loader(GOLDEN)

    def load(name: str) -> dict | None:
        content = read(name)
        if change is not None and name == (f'{case}.{file}' if file else case):
            change(content)
        return content

    manifest = json.loads((GOLDEN / 'manifest.json').read_text())['cases'].get(case, {})
    return list(find_case(case).check(case, manifest, load))


def wrong(found: list[Finding]) -> list[str]:
    """Return the quantities out of tolerance."""
    return [finding.quantity for finding in found if not finding.ok]


def check_pretrain_case(case: str, variants: list[str], weight: str, mode: str) -> None:
    """Make sure that a case agrees in all variants, and that changes of a loss, a gradient and a weight show.

    Args:
        case: Its name.
        variants: The variants of which numbers are stored.
        weight: A weight by its released name.
        mode: The mode of targets of which gradients are stored.
    """
    found = findings(case)
    quantities = {finding.quantity for finding in found}
    assert wrong(found) == []
    for variant in variants:
        assert {f'{variant}.pred_video.tokens', f'{variant}.loss_{mode}.loss_video'} <= quantities
        assert f'{variant}.grad_{mode}.per_param_norm' in quantities

    def change_numbers(content: dict) -> None:
        content[f'loss_{mode}']['loss_video'] += 1e-4
        content['pred_video']['tokens'][0, 1, 3] += 1e-4

    def change_gradient(content: dict) -> None:
        content[f'grad_{mode}']['per_param_norm'][weight] *= 1.001

    def change_weight(content: dict) -> None:
        content[weight].view(-1)[0] += 1

    changed = wrong(findings(case, variants[0], change_numbers))
    assert changed == [f'{variants[0]}.pred_video.tokens', f'{variants[0]}.loss_{mode}.loss_video']
    changed = wrong(findings(case, f'{variants[0]}_grads', change_gradient))
    assert changed == [f'{variants[0]}.grad_{mode}.per_param_norm']
    assert wrong(findings(case, 'state', change_weight)) != []
