"""Names in natural order, sorted at once where only digits differ: the same as by the key."""

import random

import pytest

from mmavf.lists.natural_order import in_natural_order, natural_order


@pytest.mark.parametrize(
    'names',
    [
        [f'{number:06d}.jpg' for number in range(1, 130)],
        [f'img_{one:02d}_{other}.png' for one in range(12) for other in range(10)],
        ['9.jpg', '10.jpg', '1.jpg'],
        ['a1b22', 'a11b2', 'a10b2', 'a2b10'],  # of one length, with numbers at other places
        ['1²3', '123', '113'],
        ['x'],
        [],
    ],
)
def test_the_order_is_that_of_the_key(names):
    random.Random(0).shuffle(names)
    assert in_natural_order(names) == sorted(names, key=natural_order)


def test_any_names_are_sorted_as_by_the_key():
    draw = random.Random(0)
    for _ in range(300):
        names = [''.join(draw.choices('01a', k=draw.choice((3, 3, 4)))) for _ in range(draw.choice((2, 3, 9)))]
        assert in_natural_order(names) == sorted(names, key=natural_order)
