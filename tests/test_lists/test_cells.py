"""What belongs to the text of a cell."""

import sys

import pytest

from mmavf.lists.cells import BLANKS, cell_fault, clean_cell, whole_number


def test_all_white_space_of_unicode_is_a_blank():
    assert {c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace()} <= set(BLANKS)


@pytest.mark.parametrize('blank', ['\xa0', '\u200b', '\ufeff', '\u2060', '\u3000', '\u200d', '\r\n', ' \t'])
def test_blanks_are_taken_off_both_ends_and_left_within(blank):
    assert clean_cell(f'{blank}anna {blank} b{blank} ') == f'anna {blank} b'
    assert clean_cell(blank) == ''


@pytest.mark.parametrize(
    ('text', 'number'),
    [('46.0', '46'), ('-3.00', '-3'), ('007.0', '007'), ('46', '46'), ('1.05', '1.05'), ('a1.0', 'a1.0')]
    + [('1.0.0', '1.0.0'), ('1e+02', '1e+02'), ('.0', '.0'), ('', ''), ('nan', 'nan'), ('v1.0', 'v1.0')],
)
def test_whole_numbers_lose_their_decimals(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize('text', ['new\nline', 'a\tb', 'a\0b', 'a\x7fb', 'a\x85b', 'a\u2028b', 'x' * 5000])
def test_cells_that_cannot_be(text):
    fault = cell_fault('label', text)
    assert fault.startswith('label ') and fault.isprintable() and len(fault) < 200


@pytest.mark.parametrize('text', ['', 'anna', 'ünï 😀', 'a\xa0b', 'می\u200cخواهم', 'x' * 4096])
def test_cells_that_can_be(text):
    assert cell_fault('label', text) is None
