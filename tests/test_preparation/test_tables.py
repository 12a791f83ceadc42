"""Tables of raw data sets: the same rows from every format, and errors that say what is wrong."""

from pathlib import Path

import openpyxl
import pytest

from mmavf.errors import RawDataError
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
