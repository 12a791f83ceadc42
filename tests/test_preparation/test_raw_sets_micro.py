"""Parsers of the sets of micro-expressions, on miniature trees with sheets as their owners write them."""

from pathlib import Path

import openpyxl
import pytest

from mmavf.datasets.targets import CARDS
from mmavf.errors import RawDataError
from mmavf.preparation import LeftOut, RawClip
from mmavf.registry import RAW_SETS
from tests.helpers.raw_trees import index


def write_sheet(path: Path, rows: list[list]) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def write_images(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(b'not looked into')


@pytest.fixture
def samm(tmp_path) -> Path:
    header = ['Subject', 'Filename', 'Inducement Code', 'Onset Frame', 'Apex Frame', 'Offset Frame', 'Duration']
    rows = [
        ['006', '006_1_2', 1, 11, 14, 15, 5, 'Anger'],
        ['006', '006_1_3', 1, 20, 22, 24, 5, 'Other'],
        ['007', '007_3_1', 3, 10, '/', 12, 3, 'Happiness'],
        ['007', '007_3_2', 3, 10, 12, 99, 90, 'Surprise'],
        ['007', '007_3_3', 3, 1, 2, 3, 3, 'Contempt'],
        ['007', '007_3_4', 3, 5, 4, 3, 3, 'Sadness'],
        ['006', '006_1_2', 1, 9, 14, 15, 5, 'Fear'],
    ]
    terms = [['Terms of use', None], [], ['Please cite ...']]
    write_sheet(tmp_path / 'SAMM_Micro_FACS_Codes_v2.xlsx', [*terms, [*header, 'Estimated Emotion'], *rows])
    # a hidden file that an archive brings is no image
    write_images(tmp_path / '006/006_1_2', [f'006_{n:05d}.jpg' for n in range(11, 16)] + ['._006_00007.jpg'])
    write_images(tmp_path / '006/006_1_3', ['006_00020.jpg'])
    write_images(tmp_path / '006/006_1_9', ['006_00020.jpg'])
    write_images(tmp_path / '007/007_3_1', [f'007_{n:05d}.jpg' for n in range(9, 14)])
    write_images(tmp_path / '007/007_3_2', [f'007_{n:05d}.jpg' for n in range(10, 15)])
    write_images(tmp_path / '007/007_3_4', ['007_00004.jpg'])
    return tmp_path


def test_samm(samm):
    clips, left_out = index('samm', samm)
    assert clips == [
        RawClip(
            id='006_1_2', video='006/006_1_2', audio=None, label='anger', subject='samm_006', first_frame=11,
            last_frame=15, fps=200.0,
        ),
        RawClip(
            id='007_3_1', video='007/007_3_1', audio=None, label='happiness', subject='samm_007', first_frame=10,
            last_frame=12, fps=200.0,
        ),
    ]  # fmt: skip
    assert left_out == [
        LeftOut('006/006_1_9', 'images without a row in the sheet'),
        LeftOut('006_1_2', 'onset to offset reaches beyond the images'),
        LeftOut('006_1_3', "class 'other' is not one of negative, positive, surprise"),
        LeftOut('007_3_2', 'onset to offset reaches beyond the images'),
        LeftOut('007_3_3', 'a row of the sheet without images'),
        LeftOut('007_3_4', 'onset is after offset in the sheet'),
    ]
    assert {CARDS['samm'].label_map[clip.label] for clip in clips} == {'negative', 'positive'}


def test_versions_of_the_images_are_told_apart_by_option(samm):
    write_images(samm / 'cropped/006/006_1_2', [f'006_{n:05d}.jpg' for n in range(11, 16)])
    with pytest.raises(RawDataError, match='both have images of 006_1_2: name the folder'):
        index('samm', samm)
    (clip,), _ = index('samm', samm, images='cropped', cropped=True)
    assert (clip.video, clip.faces) == ('cropped/006/006_1_2', True)


def test_sheet_is_looked_for_and_may_be_named(samm):
    (samm / 'SAMM_Micro_FACS_Codes_v2.xlsx').rename(samm / 'other.xlsx')
    with pytest.raises(RawDataError, match=r'there is no SAMM_Micro_FACS_Codes_v2.xlsx or samm.xlsx(.|\n)*006_05562'):
        index('samm', samm)
    assert len(index('samm', samm, sheet_file='other.xlsx').clips) == 2


def test_casme2(tmp_path):
    header = ['Subject', 'Filename', None, 'OnsetFrame', 'ApexFrame', 'OffsetFrame', None, 'Action Units']
    rows = [
        [1, 'EP02_01f', None, 46, 59, 86, None, 'L12', 'happiness'],
        ['02', 'EP02_01f', None, 46, '/', 50, None, '4', 'repression'],
        ['sub02', 'EP03', None, 1, 2, '/', None, '4', 'disgust'],
        [2, 'EP04', None, 1, 2, 3, None, '4', 'others'],
        ['two', 'EP05', None, 1, 2, 3, None, '4', 'fear'],
        [2, 'EP02_01f', None, 46, '/', 50, None, '4', 'surprise'],
    ]
    write_sheet(tmp_path / 'CASME2-coding-20140508.xlsx', [[*header, 'Estimated Emotion'], *rows])
    write_images(tmp_path / 'CASME2-RAW/sub01/EP02_01f', [f'img{n}.jpg' for n in range(1, 100)])
    write_images(tmp_path / 'CASME2-RAW/sub02/EP02_01f', [f'img{n}.jpg' for n in range(46, 51)])
    clips, left_out = index('casme2', tmp_path)
    assert [(c.id, c.video, c.label, c.subject, c.first_frame, c.last_frame, c.fps, c.audio) for c in clips] == [
        ('sub01_EP02_01f', 'CASME2-RAW/sub01/EP02_01f', 'happiness', 'casme2_sub01', 46, 86, 200.0, None),
        ('sub02_EP02_01f', 'CASME2-RAW/sub02/EP02_01f', 'repression', 'casme2_sub02', 46, 50, 200.0, None),
    ]
    assert left_out == [
        LeftOut('sub02_EP02_01f', 'an earlier row of the sheet names the same clip'),
        LeftOut('sub02_EP03', 'onset or offset in the sheet is not a number'),
        LeftOut('sub02_EP04', "class 'others' is not one of negative, positive, surprise"),
        LeftOut('two EP05', 'subject and file name in the sheet are not as expected'),
    ]


def test_smic(tmp_path):
    for folder in ('s01/micro/negative/s01_ne_01', 's01/micro/positive/s01_po_02', 's2/micro/surprise/s2_sur_3'):
        write_images(tmp_path / 'HS' / folder, ['reg_image12.bmp', 'reg_image13.bmp'])
    write_images(tmp_path / 'HS/s01/non_micro/s01_non_01', ['image1.bmp'])
    clips, left_out = index('smic', tmp_path)
    assert [(c.id, c.label, c.subject, c.fps, c.first_frame, c.last_frame) for c in clips] == [
        ('s01_ne_01', 'negative', 'smic_s01', 100.0, None, None),
        ('s01_po_02', 'positive', 'smic_s01', 100.0, None, None),
        ('s02_sur_03', 'surprise', 'smic_s02', 100.0, None, None),
    ]
    assert clips[2].video == 'HS/s2/micro/surprise/s2_sur_3'
    assert [name for name, _ in left_out] == ['HS/s01/non_micro/s01_non_01']
    write_images(tmp_path / 'NIR/s01/micro/negative/s01_ne_01', ['image1.bmp'])
    with pytest.raises(RawDataError, match='both have images of s01_ne_01'):
        index('smic', tmp_path)
    assert len(index('smic', tmp_path / 'HS').clips) == 3


@pytest.fixture
def casme3(tmp_path) -> Path:
    header = ['Subject', 'Filename', 'Onset', 'Apex', 'Offset', 'AU', 'Objective class', 'emotion']
    rows = [
        ['spNO.1', 'b', 175, 175, 186, '4', 'IV', 'disgust'],
        ['spNO.1', 'b', 180, 179, 190, '4', 'IV', 'surprise'],
        ['spNO.1', 'b', 200, 190, 180, '4', 'IV', 'happy'],
        ['spNO.1', 'b', 175, 180, 186, '4', 'IV', 'Others'],
        ['spNO.10', 'b', 2, 3, 4, '4', 'IV', 'happy'],
    ]
    write_sheet(tmp_path / 'cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx', [header, *rows])
    write_sheet(tmp_path / 'cas(me)3_part_A_ME_label_JpgIndex_v1.xlsx', [header, *rows[:1]])
    for folder in ('color', 'depth'):
        write_images(tmp_path / f'part_A1/spNO.1/b/{folder}', [f'{n}.jpg' for n in range(170, 200)])
    write_images(tmp_path / 'part_A2/spNO.10/b/color', ['2.jpg', '3.jpg', '4.jpg'])
    write_images(tmp_path / 'part_A2/spNO.10/c/color', ['2.jpg'])
    return tmp_path


def test_casme3(casme3):
    clips, left_out = index('casme3', casme3)
    # the apex is not used: neither onset = apex nor apex < onset counts
    assert [(c.id, c.video, c.label, c.subject, c.first_frame, c.last_frame, c.fps) for c in clips] == [
        ('spNO.1_b_175_186', 'part_A1/spNO.1/b/color', 'disgust', 'casme3_spNO.1', 175, 186, 30.0),
        ('spNO.1_b_180_190', 'part_A1/spNO.1/b/color', 'surprise', 'casme3_spNO.1', 180, 190, 30.0),
        ('spNO.10_b_2_4', 'part_A2/spNO.10/b/color', 'happiness', 'casme3_spNO.10', 2, 4, 30.0),
    ]
    assert left_out == [
        LeftOut('spNO.1_b_175_186', "class 'others' is not one of negative, positive, surprise"),
        LeftOut('spNO.1_b_200_180', 'onset is after offset in the sheet'),
    ]


def test_casme3_versions_have_their_own_lists(casme3):
    for sheet, count in (('v1', 1), ('v2', 3)):
        raw_set = RAW_SETS.build(dict(type='casme3', raw=casme3, name='casme3', sheet=sheet))
        assert raw_set.list_file == f'lists/{sheet}.csv'
        assert len(raw_set.index().clips) == count
    assert RAW_SETS.build(dict(type='casme3', raw=casme3, name='casme3')).list_file == CARDS['casme3'].list_file
    with pytest.raises(RawDataError, match="no sheet 'v3'; choose from v1, v2"):
        index('casme3', casme3, sheet='v3')


def test_mmew(tmp_path):
    header = ['Subject', 'Filename', 'Onset', 'Apex', 'Offset', 'AUs', 'Emotion']
    rows = [
        [3, 'S03-01-002', 1, 2, 3, '6+12', 'happiness'],
        [3, 'S03-06-001', 1, 2, 3, '', 'others'],
        [4, 'S04-05-001', 1, 1, 2, '', 'sad'],
    ]
    write_sheet(tmp_path / 'MMEW_Micro_Exp.xlsx', [header, *rows])
    write_images(tmp_path / 'S03/happiness/S03-01-002', ['1.jpg', '2.jpg', '10.jpg', '3.jpg', 'Thumbs.db'])
    write_images(tmp_path / 'S03/others/S03-06-001', ['1.jpg', '2.jpg', '3.jpg'])
    write_images(tmp_path / 'S04/sadness/S04-05-001', ['1.jpg', '2.jpg'])
    clips, left_out = index('mmew', tmp_path)
    assert [(c.id, c.video, c.label, c.subject, c.first_frame, c.last_frame, c.fps) for c in clips] == [
        ('S03-01-002', 'S03/happiness/S03-01-002', 'happiness', 'mmew_S03', 1, 3, 90.0),
        ('S04-05-001', 'S04/sadness/S04-05-001', 'sadness', 'mmew_S04', 1, 2, 90.0),
    ]
    assert left_out == [LeftOut('S03-06-001', "class 'others' is not one of negative, positive, surprise")]


def test_all_sets_of_micro_expressions_have_a_parser_and_their_lists_where_cards_look(tmp_path):
    for name, card in CARDS.items():
        if card.task == 'micro-expression':
            assert RAW_SETS.build(dict(type=name, raw=tmp_path, name=name)).list_file == card.list_file
