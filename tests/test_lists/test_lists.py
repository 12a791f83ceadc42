"""Lists are read in both formats, and their faults come in one error before training."""

import os

import pytest

from mmavf.datasets.list_checks import check_paths, find_duplicates
from mmavf.errors import ListError
from mmavf.lists.clip_list import clip_id, raise_problems, read_list

from ..helpers.media import write_list


def _text(path, text, encoding='utf-8'):
    path.write_text(text, encoding=encoding)
    return str(path)


def test_csv_with_every_column(tmp_path):
    rows = [['a b/ünï 😀, "x".mp4', '', 'anger', '1.5', '3', 's1', '2', 'first', '25']]
    path = write_list(tmp_path / 'l.csv', rows, 'video,audio,label,start,end,subject,fold,id,fps')
    entries, problems = read_list(str(path), ('label',))
    assert problems == []
    assert entries == [
        dict(line=2, video='a b/ünï 😀, "x".mp4', labels=['anger'], start=1.5, end=3.0, subject='s1', fold='2')
        | dict(id='first', fps=25.0)
    ]


def test_blanks_after_commas_belong_to_no_field(tmp_path):
    text = 'video, audio, label\na b.mp4, "c, d.wav", 1\ne.mp4, , 2\n'
    (first, second), problems = read_list(_text(tmp_path / 'l.csv', text), ('label',))
    assert not problems
    assert (first['video'], first['audio'], first['labels']) == ('a b.mp4', 'c, d.wav', ['1'])
    assert 'audio' not in second and second['labels'] == ['2']


def test_csv_columns_in_any_order_with_byte_order_mark_and_blank_lines(tmp_path):
    path = _text(tmp_path / 'l.csv', 'label,video\r\n\r\n1,a.mp4\r\n', 'utf-8-sig')
    assert read_list(path, ('label',))[0] == [dict(line=3, video='a.mp4', labels=['1'])]


@pytest.mark.parametrize('blank', ['\n', '  \n\n'])
def test_blank_lines_before_the_header_or_the_first_row_do_not_count(tmp_path, blank):
    line = blank.count('\n') + 1
    csv_list = _text(tmp_path / 'l.csv', f'{blank}video,label\na.mp4,1\n')
    assert read_list(csv_list, ('label',))[0] == [dict(line=line + 1, video='a.mp4', labels=['1'])]
    spaced = _text(tmp_path / 'l.txt', f'{blank}a.mp4 1\n')
    assert read_list(spaced, ('label',))[0] == [dict(line=line, video='a.mp4', labels=['1'])]


def test_empty_columns_at_the_end_as_spreadsheets_leave_them(tmp_path):
    path = _text(tmp_path / 'l.csv', 'video,audio,label,,\na.mp4,,1,,\n')
    assert read_list(path, ('label',)) == ([dict(line=2, video='a.mp4', labels=['1'])], [])


def test_csv_without_labels_and_with_video_only(tmp_path):
    assert read_list(_text(tmp_path / 'l.csv', 'video\na.mp4\n'))[0] == [dict(line=2, video='a.mp4', labels=[])]


@pytest.mark.parametrize(
    ('row', 'columns', 'entry'),
    [
        ('clip.mp4 0', ('label',), dict(video='clip.mp4', labels=['0'])),
        ('clip.mp4 0', (), dict(video='clip.mp4', labels=[])),
        ('00025.mp4 anger', ('label',), dict(video='00025.mp4', labels=['anger'])),
        ('frames/x a/x.wav 3', ('label',), dict(video='frames/x', audio='a/x.wav', labels=['3'])),
        ('frames/x a/x.wav', (), dict(video='frames/x', audio='a/x.wav', labels=[])),
        ('f x.wav 0.5 -1.25', ('valence', 'arousal'), dict(video='f', audio='x.wav', labels=['0.5', '-1.25'])),
        ('clip.mp4 0.5 -1.25', ('valence', 'arousal'), dict(video='clip.mp4', labels=['0.5', '-1.25'])),
    ],
)
def test_space_separated_rows(tmp_path, row, columns, entry):
    entries, problems = read_list(_text(tmp_path / 'l.txt', row + '\n'), columns)
    assert (entries, problems) == ([dict(line=1) | entry], [])


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'is empty'),
        ('video,audio,label\n', 'is empty'),
        ('\n\n', 'is empty'),
        ('clip,audio,label\na.mp4,,\n', 'missing column.*video'),
        ('video,audio\na.mp4,\n', 'missing column.*label'),
        ('video,label,label\na.mp4,1,2\n', 'the header has label more than once'),
    ],
)
def test_lists_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(ListError, match=message):
        read_list(_text(tmp_path / 'l.csv', text), ('label',))


def test_missing_list_and_wrong_encoding(tmp_path):
    with pytest.raises(ListError, match=r'nowhere\.csv: the list cannot be read'):
        read_list(str(tmp_path / 'nowhere.csv'))
    with pytest.raises(ListError, match='not UTF-8'):
        read_list(_text(tmp_path / 'l.csv', 'video\nü.mp4\n', 'latin-1'))


def test_all_problems_come_in_one_error_with_file_and_line(tmp_path):
    rows = [
        'video,start,end,fps',
        'a.mp4,x,,',
        'b.mp4,2,1,',
        'c.mp4,,,0',
        ',,,',
        'd.mp4,',
        'e.mp4,nan,,',
        'ok.mp4,0,1,25',
    ]
    path = _text(tmp_path / 'l.csv', '\n'.join(rows) + '\n' + 'f.mp4,-1,,\n' * 20)
    entries, problems = read_list(path)
    assert [entry['video'] for entry in entries] == ['ok.mp4']
    assert [line for line, _ in problems] == [2, 3, 4, 5, 6, 7, *range(9, 29)]
    with pytest.raises(ListError) as error:
        raise_problems(path, problems)
    text = str(error.value)
    assert '26 problem(s)' in text and '... and 16 more' in text and text.count('\n') == 11
    assert f"{path}:2: start is not a number: 'x'" in text
    assert f'{path}:3: end 1 is not after start 2' in text
    assert f'{path}:5: names neither video nor sound' in text
    raise_problems(path, [])


def _touch(path, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b'x')
    path.chmod(mode)


def test_paths_that_are_missing_or_unreadable(tmp_path):
    _touch(tmp_path / 'v' / 'ok.mp4')
    _touch(tmp_path / 'v' / 'ö 1.mp4')
    _touch(tmp_path / 'secret.wav', 0o000)
    (tmp_path / 'loose.mp4').symlink_to(tmp_path / 'gone.mp4')
    (tmp_path / 'frames').mkdir()
    videos = ['v/ok.mp4', 'v/ö 1.mp4', 'frames', 'frames/', 'v/none.mp4', 'w/none.mp4', 'loose.mp4', 'v/OK.mp4']
    entries = [dict(line=line, video=video) for line, video in enumerate(videos)]
    entries.append(dict(line=8, video='v/ok.mp4', audio='secret.wav'))
    entries.append(dict(line=9, video=str(tmp_path / 'v' / 'ok.mp4')))
    problems = dict(check_paths(entries, str(tmp_path)))
    assert sorted(problems) == [4, 5, 6, 7, 8]
    assert problems[4] == f'{tmp_path}/v/none.mp4 does not exist'
    assert 'cannot be reached' in problems[5]
    assert 'is not readable' in problems[8]


@pytest.mark.skipif(os.geteuid() == 0, reason='root may list any folder')
def test_a_folder_that_may_not_be_listed_unless_by_root(tmp_path):
    _touch(tmp_path / 'v' / 'a.mp4')
    (tmp_path / 'v').chmod(0o000)
    problems = check_paths([dict(line=1, video='v/a.mp4')], str(tmp_path))
    (tmp_path / 'v').chmod(0o755)
    assert 'Permission denied' in problems[0][1]


def test_duplicates_are_the_same_part_of_the_same_files():
    entries = [
        dict(line=2, video='a.mp4'),
        dict(line=3, video='a.mp4', start=1.0),
        dict(line=4, video='a.mp4', audio='a.wav'),
        dict(line=5, video='a.mp4'),
        dict(line=6, video='a.mp4', start=1.0),
    ]
    assert find_duplicates(entries) == [(5, 'a.mp4 is already in line 2'), (6, 'a.mp4 is already in line 3')]


def test_a_clip_written_in_another_way_is_a_duplicate():
    ways = [
        dict(video='a/b.mp4'),
        dict(video='a/../a/./b.mp4'),
        dict(video='a/b.mp4', start=0.0),
        dict(video='a/b.mp4', audio='a//b.mp4'),
    ]
    entries = [dict(line=line, **way) for line, way in enumerate(ways, start=2)]
    assert [line for line, _ in find_duplicates(entries)] == [3, 4, 5]


def test_clips_without_an_id_have_names_of_their_own(tmp_path):
    rows = ['a.mp4,,', 'a.mp4,a.wav,', 'a.mp4,b.wav,', ',b.wav,', 'a.mp4,b.wav,1.5', 'a.mp4,b.wav,2']
    path = _text(tmp_path / 'l.csv', '\n'.join(['video,audio,start', *rows]))
    names = [clip_id(entry) for entry in read_list(path)[0]]
    assert names[:4] == ['a.mp4', 'a.mp4+a.wav', 'a.mp4+b.wav', 'b.wav']
    assert len(set(names)) == len(rows)
    assert clip_id(dict(video='a.mp4', audio='a.wav', start=1.0, id='x')) == 'x'


@pytest.mark.parametrize(('separator', 'name'), [(';', 'semicolons'), ('\t', 'tabs')])
def test_another_separator_is_named(tmp_path, separator, name):
    path = tmp_path / 'list.csv'
    path.write_text(separator.join(('video', 'audio', 'label')) + '\n' + separator.join(('a.mp4', '', '')) + '\n')
    with pytest.raises(ListError, match=f'separated by {name}'):
        read_list(str(path))


def test_every_cell_is_stripped_on_both_sides(tmp_path):
    columns = ['video', 'audio', 'label', 'subject', 'fold', 'group', 'id', 'start', 'fps']
    values = ['a b.mp4', 'c.wav', 'joy', 'anna', '3', 'g', 'x', '1.5', '25']
    blanks = [' ', '\xa0', '\u200b', '\ufeff', '\t', '\u3000', ' \u2060 ']
    rows = [','.join(f'{blank}{value}{blank}' for value in values) for blank in blanks]
    header = ','.join(f'\xa0{name}\u200b ' for name in columns)
    entries, problems = read_list(_text(tmp_path / 'l.csv', '\n'.join([header, *rows]) + '\n'), ('label',))
    assert not problems and len(entries) == len(blanks)
    expected = dict(zip(columns, values, strict=True), labels=['joy'], start=1.5, fps=25.0)
    del expected['label']
    assert all(entry == expected | dict(line=line) for line, entry in enumerate(entries, start=2))


@pytest.mark.parametrize('column', ['video', 'audio', 'label', 'subject', 'fold', 'group', 'id'])
@pytest.mark.parametrize('character', ['\n', '\t', '\x00', '\x1b', '\u2028'])
def test_control_characters_are_refused_by_line_and_column(tmp_path, column, character):
    header = 'video,audio,label,subject,fold,group,id'
    bad = ','.join(f'"b{character}c"' if name == column else f'{name}.x' for name in header.split(','))
    text = f'{header},remark\n{header},"free\ntext"\n{bad},x\n{header},y\n'
    entries, ((line, fault),) = read_list(_text(tmp_path / 'l.csv', text), ('label',))
    assert len(entries) == 2 and line == 4 + (character == '\n')
    assert fault.startswith(f'{column} holds a line break or another control character') and fault.isprintable()


def test_whole_numbers_with_decimals_are_whole_numbers_but_in_paths_and_spans(tmp_path):
    text = 'video,audio,label,subject,fold,group,id,start\n1.0,2.0,3.0,007.0,4.0,5.0,6.0,1.0\n'
    ((entry,), problems) = read_list(_text(tmp_path / 'l.csv', text), ('label',))
    assert not problems
    assert entry == dict(line=2, video='1.0', audio='2.0', labels=['3.0'], start=1.0, id='6') | dict(
        subject='007', fold='4', group='5'
    )


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        ('video,label\na.mp4,1\n'.encode('utf-16'), 'not UTF-8'),
        ('video,label\na.mp4,1\n'.encode('utf-16-le'), 'NUL characters'),
        ('video,label\nä.mp4,1\n'.encode('cp1252'), 'not UTF-8'),
        (b'video;label\na.mp4;1\n', 'separated by semicolons'),
        (b'label;video\n1;a.mp4\n', 'separated by semicolons'),
        (b'video\tlabel\na.mp4\t1\n', 'separated by tabs'),
        (b'\xef\xbb\xbf"Video";"label"\n"a.mp4";"1"\n', 'separated by semicolons'),
        (b'"label" | "video"\n1|a.mp4\n', 'separated by vertical bars'),
        (b'sep=;\nvideo;label\na.mp4;1\n', ':1: this line is for spreadsheets only'),
        (b'sep=,\nvideo,label\na.mp4,1\n', ':1: this line is for spreadsheets only'),
        (b'video,label\na.mp4,1\n"b"c.mp4,2\n', 'row that begins at line 3'),
        (b'video,label\n"' + b'x' * 200_000 + b'",1\n', 'not a valid CSV .*field larger'),
        (b'video,label\n"a.mp4,1\nb.mp4,2\n', 'not a valid CSV .* quotation mark'),
        (b'Video,Label\na.mp4,1\n', 'missing column.* video, label; the header has Video, Label'),
        (b'video,label, label \na.mp4,1,2\n', 'label more than once'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n', 'Git LFS pointer.*git lfs pull'),
    ],
)
def test_what_is_no_list_says_why(tmp_path, data, message):
    (tmp_path / 'l.csv').write_bytes(data)
    with pytest.raises(ListError, match=message) as error:
        read_list(str(tmp_path / 'l.csv'), ('label',))
    assert str(error.value).count('\n') == 0 and len(str(error.value)) < 400


def test_lines_of_blanks_are_no_rows(tmp_path):
    path = _text(tmp_path / 'l.csv', 'video,label\n\n  \n\u00a0\na.mp4,1\n\t\n')
    entries, problems = read_list(path, ('label',))
    assert [entry['line'] for entry in entries] == [5] and not problems


def test_a_path_that_is_missing_comes_with_a_guess(tmp_path):
    _touch(tmp_path / 'v' / 'Anna.mp4')
    _touch(tmp_path / 'v' / 'cafe\u0301.mp4')
    (tmp_path / 'v' / os.fsdecode(b'\xfcnder.mp4')).touch()
    names = ['v\\Anna.mp4', 'v/anna.mp4', 'v/café.mp4', 'v/ünder.mp4', 'v/none.mp4']
    found = dict(check_paths([dict(line=line, video=name) for line, name in enumerate(names)], str(tmp_path)))
    assert found[0].endswith('v\\Anna.mp4 does not exist: use forward slashes, as in a/b.mp4')
    assert found[1].endswith('v/anna.mp4 does not exist: did you mean Anna.mp4?')
    assert found[2].endswith('does not exist: did you mean cafe\u0301.mp4?')
    assert found[3].endswith('does not exist: found \\xfcnder.mp4, whose name is not UTF-8: rename it')
    assert found[4].endswith('v/none.mp4 does not exist')
