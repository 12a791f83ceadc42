"""Tables of raw data sets: the same rows from every format, and errors that say what is wrong."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mmavf.errors import RawDataError
from mmavf.preparation.raw_sets.lines import read_lines
from mmavf.preparation.raw_sets.tables import read_table

COLUMNS = dict(subject='Subject', file=('Filename', 'File'), onset=('Onset', 'OnsetFrame'))
EXPECTED = [
    dict(subject='006', file='006_1_2', onset='5562'),
    dict(subject='7', file='a, b', onset=''),
]


def workbook(path: Path, rows: list[list]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet('second').append(['x', 'y'])
    book.save(path)
    return path


def test_workbook_rows_are_texts(tmp_path):
    path = workbook(
        tmp_path / 'sheet.xlsx',
        [
            ['Terms of use of the file'],
            [],
            ['subject ', 'FILE NAME', 'Onset_Frame', 'Notes', None],
            ['006', ' 006_1_2 ', 5562.0, 'x', None],
            [None, None, None, None, None],
            [7, 'a, b', None, None, None],
        ],
    )
    assert read_table(path, COLUMNS) == EXPECTED
    # a workbook is known by its content
    assert read_table(path.rename(tmp_path / 'sheet.csv'), COLUMNS) == EXPECTED


@pytest.mark.parametrize('mark', ['', '\ufeff'])
def test_text_rows(tmp_path, mark):
    path = tmp_path / 'sheet.csv'
    path.write_text(f'{mark}File, subject,ONSET\r\n006_1_2 ,006,5562\r\n,,\r\n"a, b",7\r\n', encoding='utf-8')
    # the last row is short: what it lacks is empty
    assert read_table(path, COLUMNS) == EXPECTED


def test_first_alternative_wins_and_optional_columns_may_be_missing(tmp_path):
    path = tmp_path / 'sheet.csv'
    path.write_text('Onset Frame,File,Onset,Subject,Onset\n1,a,2,s,3\n')
    columns = dict(COLUMNS, apex=('Apex', 'Apex Frame'))
    assert read_table(path, columns, optional=['apex']) == [dict(subject='s', file='a', onset='2', apex='')]


def test_missing_column_is_named_with_those_there_are(tmp_path):
    path = tmp_path / 'sheet.csv'
    path.write_text('a title,with,four,words\nSubject,Filename,Emotion\n1,a,happy\n')
    with pytest.raises(RawDataError) as error:
        read_table(path, COLUMNS)
    message = str(error.value)
    assert str(path) in message
    assert 'no column Onset or OnsetFrame.' in message
    assert 'The columns there are: Subject, Filename, Emotion' in message


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'empty'),
        (b'\n\n', 'no column Subject'),
        (b'\xd0\xcf\x11\xe0 old', r'\.xlsx'),
        (b'PK\x03\x04 but no archive', 'not a workbook'),
        (b'Subject,File,Onset\n\xff\xfe,a,1\n', 'UTF-8'),
    ],
)
def test_unusable_tables(tmp_path, content, reason):
    path = tmp_path / 'sheet.xlsx'
    path.write_bytes(content)
    with pytest.raises(RawDataError, match=reason):
        read_table(path, COLUMNS)


def test_cut_workbook_and_missing_file(tmp_path):
    path = workbook(tmp_path / 'sheet.xlsx', [['Subject', 'File', 'Onset'], *[['s', 'f', n] for n in range(50)]])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RawDataError, match='not a workbook'):
        read_table(path, COLUMNS)
    with pytest.raises(RawDataError, match='nowhere.csv.*No such file'):
        read_table(tmp_path / 'nowhere.csv', COLUMNS)


@pytest.mark.parametrize('kind', ['csv', 'xlsx'])
def test_an_empty_cell_does_not_turn_whole_numbers_into_others(tmp_path, kind):
    table = pd.DataFrame(dict(Subject=[6, None], File=['1.0', 'b'], Onset=[46, None]))
    path = tmp_path / f'sheet.{kind}'
    (table.to_csv if kind == 'csv' else table.to_excel)(path, index=False)
    columns = dict(COLUMNS, name='File')
    assert read_table(path, columns, verbatim=('name',))[0] == dict(subject='6', file='1', onset='46', name='1.0')


@pytest.mark.parametrize(('separator', 'kind'), [(';', 'semicolons'), ('\t', 'tabs')])
def test_other_separators_are_told_of_quoted_names_too(tmp_path, separator, kind):
    path = tmp_path / 'sheet.csv'
    path.write_text(separator.join(f'"{name}"' for name in ('Subject', 'File', 'Onset')))
    with pytest.raises(RawDataError, match=f'separated by {kind}'):
        read_table(path, COLUMNS)


@pytest.mark.parametrize(('separator', 'kind'), [(';', 'semicolons'), ('\t', 'tabs')])
def test_other_separators_are_told(tmp_path, separator, kind):
    path = tmp_path / 'sheet.csv'
    path.write_text(f'a title, with a comma\nSubject,{separator}File{separator}Onset\n'.replace('Subject,', 'Subject'))
    with pytest.raises(RawDataError, match=f'the columns are separated by {kind}: save the table with commas'):
        read_table(path, COLUMNS)


def test_cells_are_stripped_of_what_is_not_seen(tmp_path):
    path = tmp_path / 'sheet.csv'
    path.write_text('\u200bSubject\xa0,File,Onset\n\xa0006\u200b,\ufeffa ,5\u2060\n', encoding='utf-8')
    assert read_table(path, COLUMNS) == [dict(subject='006', file='a', onset='5')]


def test_a_pointer_of_git_lfs_is_called_that(tmp_path):
    (tmp_path / 'sheet.xlsx').write_text('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n')
    with pytest.raises(RawDataError, match='sheet.xlsx: this is a Git LFS pointer.*git lfs pull'):
        read_table(tmp_path / 'sheet.xlsx', COLUMNS)
    with pytest.raises(RawDataError, match='sheet.xlsx: this is a Git LFS pointer'):
        read_lines(tmp_path / 'sheet.xlsx')
