"""Evenly spaced choices."""

import pytest

from mmavf.structures.spacing import evenly_spaced


def test_known_choices():
    assert evenly_spaced(75, 5) == [0, 18, 37, 56, 74]
    assert evenly_spaced(3, 5) == [0, 1, 2]
    assert evenly_spaced(1, 5) == [0]


@pytest.mark.parametrize('count', range(1, 40))
@pytest.mark.parametrize('number', [2, 5, 8])
def test_distances_differ_by_one_at_most(count, number):
    chosen = evenly_spaced(count, number)
    assert len(chosen) == min(count, number) and chosen[0] == 0 and chosen[-1] == count - 1
    steps = {after - before for before, after in zip(chosen, chosen[1:], strict=False)}
    assert all(step > 0 for step in steps) and (not steps or max(steps) - min(steps) <= 1)
