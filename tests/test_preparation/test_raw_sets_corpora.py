"""Parsers of the corpora for pre-training, on miniature trees."""

import json

import pytest

from mmavf.errors import RawDataError
from mmavf.preparation import LeftOut, RawClip
from mmavf.registry import RAW_SETS
from tests.helpers.raw_trees import index, raw_set, touch

CORPORA = ('voxceleb2', 'cn_celeb', 'av_speech', 'celebv_hq', 'mer2024_unlabelled')


@pytest.mark.parametrize('name', CORPORA)
def test_corpora_have_no_labels_and_their_own_list(tmp_path, name):
    raw_set = RAW_SETS.build(dict(type=name, raw=tmp_path, name=name))
    assert (raw_set.labelled, raw_set.list_file, raw_set.class_names([])) == (False, 'lists/pretrain.csv', [])
    with pytest.raises(RawDataError, match=rf'no clip found(.|\n)*Expected of {name}'):
        raw_set.index()


def test_voxceleb2(tmp_path):
    touch(tmp_path, 'dev/mp4/id00012/21Uxsk56VDQ/00001.mp4', 'dev/mp4/id00012/21Uxsk56VDQ/00002.mp4')
    touch(tmp_path, 'dev/mp4/id00012/_raOc3-IRsw/00001.mp4', 'dev/mp4/id00015/-x_1/00001.mp4', 'dev/mp4/readme.mp4')
    touch(tmp_path, 'dev/aac/id00012/21Uxsk56VDQ/00001.m4a', 'dev/aac/id00099/21Uxsk56VDQ/00001.m4a')
    touch(tmp_path, 'test/mp4/id00017/01dfn2spqyE/00001.mp4')
    clips, left_out = index('voxceleb2', tmp_path)
    assert [clip.id for clip in clips] == [
        'id00012_21Uxsk56VDQ_00001',
        'id00012_21Uxsk56VDQ_00002',
        'id00012__raOc3-IRsw_00001',
        'id00015_-x_1_00001',
    ]
    assert clips[0] == RawClip(
        id='id00012_21Uxsk56VDQ_00001',
        video='dev/mp4/id00012/21Uxsk56VDQ/00001.mp4',
        audio='dev/aac/id00012/21Uxsk56VDQ/00001.m4a',
        subject='id00012',
        faces=True,
    )
    assert clips[1].audio == '' and clips[3].subject == 'id00015'
    assert left_out == [
        LeftOut('dev/aac/id00099/21Uxsk56VDQ/00001.m4a', 'sound without a video'),
        LeftOut('dev/mp4/readme.mp4', 'nothing in its path names a clip'),
    ]
    # the folder of a part may be named as well
    assert len(index('voxceleb2', tmp_path / 'dev', cropped=False).clips) == 4
    assert not index('voxceleb2', tmp_path / 'dev', cropped=False).clips[0].faces


def test_cn_celeb(tmp_path):
    touch(tmp_path, 'video/id00800/interview-01-001.mp4', 'video/id00800/drama-01-002.avi')
    touch(tmp_path, 'CN-Celeb_flac/data/id00800/interview-01-001.flac', 'CN-Celeb_flac/data/id00801/speech-01-001.flac')
    clips, left_out = index('cn_celeb', tmp_path)
    assert [(c.id, c.video, c.audio, c.subject, c.faces) for c in clips] == [
        ('id00800_drama-01-002', 'video/id00800/drama-01-002.avi', '', 'id00800', False),
        (
            'id00800_interview-01-001',
            'video/id00800/interview-01-001.mp4',
            'CN-Celeb_flac/data/id00800/interview-01-001.flac',
            'id00800',
            False,
        ),
    ]
    assert left_out == [LeftOut('CN-Celeb_flac/data/id00801/speech-01-001.flac', 'sound without a video')]


def test_av_speech(tmp_path):
    touch(tmp_path, 'a/AvWWVOgaMlk.mp4', 'a/-0 x.mkv', 'b/AvWWVOgaMlk.webm', 'b/other.mp4')
    # without the table each file is a clip
    clips, left_out = index('av_speech', tmp_path)
    assert [(c.video, c.start_sec, c.end_sec) for c in clips] == [
        ('a/-0 x.mkv', 0.0, None),
        ('a/AvWWVOgaMlk.mp4', 0.0, None),
        ('b/other.mp4', 0.0, None),
    ]
    assert left_out == [LeftOut('b/AvWWVOgaMlk.webm', 'another file of the same name is taken')]
    table = (
        'AvWWVOgaMlk,90.000,93.5,0.5,0.2\nAvWWVOgaMlk,100,104,0.5,0.2\nAvWWVOgaMlk,100,103,0.1,0.2\n'
        'AvWWVOgaMlk,9,8,0,0\ngone0000000,1,2,0,0\ngone0000000,3,4,0,0\n'
    )
    (tmp_path / 'avspeech_train.csv').write_text(table)
    clips, left_out = index('av_speech', tmp_path)
    assert [(c.id, c.video, c.audio, c.start_sec, c.end_sec) for c in clips] == [
        ('AvWWVOgaMlk_90000', 'a/AvWWVOgaMlk.mp4', '', 90.0, 93.5),
        ('AvWWVOgaMlk_100000', 'a/AvWWVOgaMlk.mp4', '', 100.0, 104.0),
    ]
    assert left_out == [
        LeftOut('AvWWVOgaMlk_100000', 'an earlier segment has the same name'),
        LeftOut('AvWWVOgaMlk_9000', 'the segment ends before it starts'),
        LeftOut('a/-0 x.mkv', 'a video without a segment'),
        LeftOut('b/AvWWVOgaMlk.webm', 'another file of the same name is taken'),
        LeftOut('b/other.mp4', 'a video without a segment'),
        LeftOut('gone0000000', 'segments without a video'),
    ]


@pytest.mark.parametrize('row', ['a,b,c', 'a,1', 'a,inf,2'])
def test_av_speech_table_that_is_none(tmp_path, row):
    touch(tmp_path, 'a.mp4')
    (tmp_path / 'mine.csv').write_text(f'a,1,2\n{row}\n')
    with pytest.raises(RawDataError, match=r'mine.csv:2: expected video, start, end'):
        index('av_speech', tmp_path, segments='mine.csv')
    with pytest.raises(RawDataError, match='there is no other.csv'):
        index('av_speech', tmp_path, segments='other.csv')


def test_celebv_hq(tmp_path):
    touch(tmp_path, 'processed/M2Ohb0FAaJU_1.mp4', 'raw/M2Ohb0FAaJU.mp4', 'raw/unused.mp4')
    assert len(index('celebv_hq', tmp_path).clips) == 3
    times = {'start_sec': 81.62, 'end_sec': 86.17}
    clips = {f'{name}_{n}': dict(ytb_id=name, duration=times) for name, n in [('M2Ohb0FAaJU', 1), ('M2Ohb0FAaJU', 2)]}
    clips['gone_0'] = dict(ytb_id='gone', duration=times)
    (tmp_path / 'celebvhq_info.json').write_text(json.dumps(dict(meta_info={}, clips=clips)))
    clips, left_out = index('celebv_hq', tmp_path)
    assert [(c.id, c.video, c.start_sec, c.end_sec) for c in clips] == [
        ('M2Ohb0FAaJU_1', 'processed/M2Ohb0FAaJU_1.mp4', 0.0, None),
        ('M2Ohb0FAaJU_2', 'raw/M2Ohb0FAaJU.mp4', 81.62, 86.17),
    ]
    assert left_out == [
        LeftOut('gone', 'segments without a video'),
        LeftOut('raw/unused.mp4', 'a video without a segment'),
    ]


@pytest.mark.parametrize(
    'text', ['', '[]', '{"clips": []}', '{"clips": {"a": {"ytb_id": "a"}}}', '{"clips": {"a": 1}}']
)
def test_celebv_hq_file_that_is_none(tmp_path, text):
    touch(tmp_path, 'a.mp4')
    (tmp_path / 'celebvhq_info.json').write_text(text)
    with pytest.raises(RawDataError, match=r'celebvhq_info.json: not as expected(.|\n)*ytb_id'):
        index('celebv_hq', tmp_path)


def test_mer2024_unlabelled(tmp_path):
    touch(tmp_path, 'part1/samplenew3_00000001.mp4', 'part2/samplenew3_00000010.mp4', 'part2/samplenew3_00000002.mp4')
    touch(tmp_path, 'part1/samplenew3_00000001.wav')
    clips, left_out = index('mer2024_unlabelled', tmp_path)
    assert [(c.id, c.audio) for c in clips] == [
        ('samplenew3_00000001', 'part1/samplenew3_00000001.wav'),
        ('samplenew3_00000002', ''),
        ('samplenew3_00000010', ''),
    ]
    assert left_out == []


def test_speakers_of_the_test_part_of_voxceleb2_stay_apart_or_are_told(tmp_path):
    for number, folder in enumerate(['vox2_dev_mp4_partaa/dev/mp4', 'vox2_test_mp4/mp4', 'latest']):
        touch(tmp_path, f'{folder}/id0001{number}/21Uxsk56VDQ/00001.mp4')
    parser = raw_set('voxceleb2', tmp_path)
    for _ in range(2):  # notes do not pile up
        clips, left_out = parser.index()
    assert [clip.subject for clip in clips] == ['id00010', 'id00012']
    assert left_out == [
        LeftOut('vox2_test_mp4/mp4/id00011/21Uxsk56VDQ/00001.mp4', 'of the test part, whose speakers stay apart')
    ]
    (note,) = parser.notes
    assert note.startswith('1 clips, such as id00012_21Uxsk56VDQ_00001, lie in no folder that says dev or test')


def test_voxceleb2_has_nothing_to_tell_where_folders_say_dev(tmp_path):
    touch(tmp_path, 'dev/mp4/id00012/a/1.mp4', 'test/mp4/id00017/b/1.mp4')
    for raw in (tmp_path, tmp_path / 'dev'):
        parser = raw_set('voxceleb2', raw)
        assert [clip.subject for clip in parser.index().clips] == ['id00012'] and parser.notes == []
