"""Tables in Markdown."""

import pytest

from mmavf.files.markdown import in_one_line, markdown_table


def test_columns_have_even_width():
    assert markdown_table(['a', 'long'], [['1', 2], ['333', None]]).splitlines() == [
        '| a   | long |',
        '|-----|------|',
        '| 1   | 2    |',
        '| 333 | None |',
    ]


def test_a_table_without_rows_has_its_header():
    assert markdown_table(['a', 'b'], []) == '| a | b |\n|---|---|'


@pytest.mark.parametrize(('cell', 'shown'), [('a|b', r'a\|b'), ('a\nb', r'a\nb'), ('é', 'é'), ('\x07', r'\x07')])
def test_what_would_break_a_table_is_escaped(cell, shown):
    lines = markdown_table([cell, 'b'], [['1', cell]]).splitlines()
    assert len(lines) == 3 and {len(line) for line in lines} == {len(lines[0])}
    assert lines[0].startswith(f'| {shown} |') and lines[2].endswith(f'| {shown} |')


def test_a_line_break_is_shown_as_its_escape():
    assert in_one_line('no\nbreak|') == r'no\nbreak|'


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError):
        markdown_table(['a', 'b'], [['1']])
