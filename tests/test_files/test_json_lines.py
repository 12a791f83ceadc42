"""Lines of JSON of which some are damaged."""

import json

import pytest

from mmavf.files.json_lines import parse_lines, read_json_lines, unreadable_text

ROWS = [{'path': '/x/表情.mp4', 'iter': i} for i in range(3)]
LINES = [json.dumps(row, ensure_ascii=False).encode() + b'\n' for row in ROWS]
BETWEEN = LINES[1].index('表'.encode())


@pytest.mark.parametrize(
    'damaged',
    [
        LINES[1][: BETWEEN + 1] + b'\n',  # cut in a character
        LINES[1][: BETWEEN + 1] + LINES[1],  # and gone on with by another line
        LINES[1][:12] + LINES[1],
        b'\0' * 30 + b'\n',  # a block that a power cut left empty
        b'\xff\xfe{\n',
        b'[' * 100_000 + b'\n',
        b'12\n',
        b'null\n',
        b'"abc"\n',
    ],
)
def test_a_damaged_line_is_counted_and_the_others_are_whole(damaged, tmp_path):
    (tmp_path / 'a.jsonl').write_bytes(LINES[0] + damaged + LINES[2])
    found = read_json_lines(tmp_path / 'a.jsonl')
    assert (found.values, found.lines, found.unreadable) == ([ROWS[0], ROWS[2]], [LINES[0], LINES[2]], 1)


def test_a_file_cut_at_any_byte_gives_the_lines_that_are_whole():
    content = b''.join(LINES)
    for size in range(len(content) + 1):
        found = parse_lines(content[:size])
        rest = size
        for number, line in enumerate(LINES):
            if rest < len(line) - 1:  # without the end of the line a value is whole
                assert (found.values, found.unreadable) == (ROWS[:number], int(rest > 0)), size
                break
            rest -= min(rest, len(line))
        else:
            assert (found.values, found.unreadable) == (ROWS, 0)


def test_ends_of_lines_within_texts_and_blank_lines_are_no_damage():
    row = {'reason': 'a\u2028b\x85c\nd'}
    found = parse_lines(b'\n' + json.dumps(row, ensure_ascii=False).encode() + b'\r\n\n \n')
    assert (found.values, found.unreadable) == ([row], 0)


def test_what_the_writer_would_not_write_is_damage():
    assert parse_lines(b'{"a": 1}\n{"b": 1}\n', lambda value: 'a' in value).unreadable == 1


def test_the_sentence_counts():
    assert unreadable_text('a.jsonl', 1).startswith('a.jsonl: skipped 1 line cut off')
    assert unreadable_text('a.jsonl', 3).startswith('a.jsonl: skipped 3 lines cut off')
