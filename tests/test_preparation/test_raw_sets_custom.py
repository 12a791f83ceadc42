"""A user's own folder: ids from paths, labels from a table or from folders."""

import os
import unicodedata
from pathlib import Path

import pytest

from mmavf.errors import RawDataError
from mmavf.preparation import LeftOut, RawClip
from mmavf.preparation.raw_sets.base import SAFE_ID
from mmavf.preparation.raw_sets.path_ids import ids_of_paths
from mmavf.registry import RAW_SETS
from tests.helpers.raw_trees import touch


def custom(raw: Path, **options):
    return RAW_SETS.build(dict(type='custom', raw=str(raw), name='mine', **options))


def test_videos_frame_folders_and_sound(tmp_path):
    touch(tmp_path, 'one.mp4', 'one.FLAC', 'one.WAV', 'two.MOV', 'alone.wav', 'notes.txt')
    touch(tmp_path, 'frames/1.png', 'frames/2.png', 'frames.flac', 'deep/er/1.jpg', 'thumbs/x.avi', 'thumbs/x.jpg')
    raw_set = custom(tmp_path, fps=12.5)
    clips, left_out = raw_set.index()
    assert (raw_set.labelled, raw_set.list_file, raw_set.class_names(clips)) == (False, 'lists/pretrain.csv', [])
    assert [(c.video, c.audio, c.fps, c.label) for c in clips] == [
        ('deep/er', None, 12.5, ''),
        ('frames', 'frames.flac', 12.5, ''),
        ('one.mp4', 'one.WAV', None, ''),
        ('thumbs/x.avi', '', None, ''),
        ('two.MOV', '', None, ''),
    ]
    assert [c.id for c in clips][1:3] == ['frames', 'one']
    assert left_out == [
        LeftOut('alone.wav', 'sound without a video'),
        LeftOut('notes.txt', 'not a video, sound or image by its name'),
    ]


def test_without_any_video_each_sound_file_is_a_clip(tmp_path):
    touch(tmp_path, 'calm/anna_1.wav', 'calm/anna_1.flac', 'calm/_x.wav', 'excited/ben.m4a', 'ben_2.MP3', 'notes.txt')
    raw_set = custom(tmp_path, label_from='folder', subject_from='name')
    clips, left_out = raw_set.index()
    assert raw_set.labelled and {clip.video for clip in clips} == {''}
    found = sorted((clip.audio, clip.label, clip.subject) for clip in clips)
    assert found == [('calm/anna_1.flac', 'calm', 'anna'), ('calm/anna_1.wav', 'calm', 'anna')]
    assert left_out == [
        LeftOut('ben_2.MP3', 'not in a folder that names its class'),
        LeftOut('calm/_x.wav', 'its name does not begin with a subject and _'),
        LeftOut('excited/ben.m4a', 'its name does not begin with a subject and _'),
        LeftOut('notes.txt', 'not a video, sound or image by its name'),
    ]


def test_the_table_of_a_list_of_sound_names_sound(tmp_path):
    touch(tmp_path, 'anna/1.wav', 'anna/2.wav', '3.wav')
    (tmp_path / 'l.csv').write_text('audio,label,subject,end\nanna/1.wav,sad,,2\nanna/2,glad,eve,\n3.wav,sad,,\n')
    clips, left_out = custom(tmp_path, labels='l.csv', subject_from='folder').index()
    found = sorted((clip.audio, clip.video, clip.label, clip.subject, clip.end_sec) for clip in clips)
    assert found == [('anna/1.wav', '', 'sad', 'anna', 2.0), ('anna/2.wav', '', 'glad', 'eve', None)]
    assert left_out == [LeftOut('3.wav', 'not in a folder that names its subject')]


def test_a_folder_that_names_the_class_does_not_name_the_subject(tmp_path):
    touch(tmp_path, 'sad/1.mp4', 'sad/anna/2.mp4')
    clips, left_out = custom(tmp_path, label_from='folder', subject_from='folder').index()
    assert [(clip.video, clip.label, clip.subject) for clip in clips] == [('sad/anna/2.mp4', 'sad', 'anna')]
    assert left_out == [LeftOut('sad/1.mp4', 'not in a folder that names its subject')]
    with pytest.raises(RawDataError, match="subject_from must be 'folder' or 'name', not 'file'"):
        custom(tmp_path, subject_from='file')


def test_ids_are_safe_unique_and_the_same_whatever_else_is_there():
    paths = [
        'a/b.mp4',
        'a_b.mp4',
        'c/b.mp4',
        'x.mp4',
        'x.avi',
        'x',
        '李/雷.mp4',
        '雷.mp4',
        '.mp4.mp4',
        'a b.mp4',
        'a  b.mp4',
    ]
    paths += ['é.mp4', 'e.mp4', 'long/' * 60 + 'name.mp4', 'long/' * 61 + 'name.mp4', '-dash_.mp4']
    stems = {path: path.rsplit('.', 1)[0] for path in paths}
    ids = ids_of_paths(stems)
    assert len(set(ids.values())) == len(paths)
    assert all(SAFE_ID.fullmatch(name) and len(name) < 120 and name[0] != '.' for name in ids.values())
    assert (ids['a_b.mp4'], ids['e.mp4'], ids['-dash_.mp4']) == ('a_b', 'e', '-dash_')
    assert ids['a/b.mp4'].startswith('a_b-')
    alone = {path: ids_of_paths({path: stem})[path] for path, stem in stems.items()}
    assert {path for path in paths if alone[path] != ids[path]} == {'x.mp4', 'x.avi', 'x'}
    # the two ways to write an accent are one name
    assert ids_of_paths({'y': unicodedata.normalize('NFD', 'é')})['y'] == ids['é.mp4']


def test_same_name_in_different_folders_is_kept_twice(tmp_path):
    touch(tmp_path, 'a/clip.mp4', 'b/clip.mp4', 'a_clip.mp4')
    clips, left_out = custom(tmp_path).index()
    assert sorted(c.video for c in clips) == ['a/clip.mp4', 'a_clip.mp4', 'b/clip.mp4']
    assert left_out == []


def test_labels_from_a_table(tmp_path):
    touch(
        tmp_path,
        'a/1.mp4',
        'a/2.mp4',
        'a/2.avi',
        'b/3.mp4',
        'b/4.mp4',
        'b/5.mp4',
        unicodedata.normalize('NFD', 'é.mp4'),
    )
    (tmp_path / 'labels.csv').write_text(
        'file,label,subject,fold,start,end\n'
        'a/1.mp4,sad,p1,1,,\n'
        'a/2.mp4,glad,p2,2,,\n'
        'a/2,glad,p2,2,,\n'
        './b/3,sad,p3,1,0,1.5\n'
        'b\\3.mp4,glad,p3,1,1.5,\n'
        'b/3.mp4,glad,p3,1,2,1\n'
        'b/4.mp4,,p3,1,,\n'
        'b/9.mp4,sad,p3,1,,\n'
        'a/1,glad,p1,1,,\n'
        'é,sad,p4,1,x,\n'
    )
    raw_set = custom(tmp_path, labels='labels.csv')
    assert (raw_set.labelled, raw_set.list_file) == (True, 'lists/all.csv')
    clips, left_out = raw_set.index()
    assert raw_set.class_names(clips) == ['glad', 'sad']
    ids = {clip.video: clip.id for clip in custom(tmp_path).index().clips}
    expected = [
        RawClip(id=ids['a/1.mp4'], video='a/1.mp4', label='sad', subject='p1', fold='1'),
        RawClip(id=ids['a/2.mp4'], video='a/2.mp4', label='glad', subject='p2', fold='2'),
        RawClip(id=ids['b/3.mp4'] + '_0-1500', video='b/3.mp4', label='sad', subject='p3', fold='1', end_sec=1.5),
        RawClip(id=ids['b/3.mp4'] + '_1500-end', video='b/3.mp4', label='glad', subject='p3', fold='1', start_sec=1.5),
    ]
    assert sorted(clips, key=lambda c: (c.video, c.start_sec)) == expected
    assert left_out == [
        # which of the two files a/2 is, the table does not say
        LeftOut('a/2', 'a label without media'),
        LeftOut('a/2.avi', 'media without a label'),
        LeftOut(ids['a/1.mp4'], 'an earlier row names the same clip'),
        LeftOut('b/3.mp4', 'its end is not after its start'),
        LeftOut('b/4.mp4', 'its label is empty'),
        LeftOut('b/5.mp4', 'media without a label'),
        LeftOut('b/9.mp4', 'a label without media'),
        LeftOut('é', 'its start is not a number'),
    ]


def test_numbers_from_a_table(tmp_path):
    touch(tmp_path, '1.mp4', '2.mp4', '3.mp4')
    (tmp_path / 'labels.csv').write_text('video,Arousal,valence,label\n1.mp4,0.5,-1,x\n2.mp4,,0,x\n3.mp4,inf,0,x\n')
    raw_set = custom(tmp_path, labels='labels.csv', label_columns=['arousal', 'valence'])
    clips, left_out = raw_set.index()
    assert [(c.id, c.numbers, c.label) for c in clips] == [('1', dict(arousal=0.5, valence=-1.0), '')]
    assert left_out == [LeftOut(name, 'its arousal is not a number') for name in ('2.mp4', '3.mp4')]
    assert raw_set.class_names(clips) == []


def test_labels_from_folders(tmp_path):
    touch(tmp_path, 'sad/1.mp4', 'sad/deep/2.mp4', 'glad/1.mp4', 'glad/3/001.jpg', '4.mp4')
    raw_set = custom(tmp_path, label_from='folder')
    clips, left_out = raw_set.index()
    assert raw_set.labelled and raw_set.class_names(clips) == ['glad', 'sad']
    assert sorted((c.video, c.label) for c in clips) == [
        ('glad/1.mp4', 'glad'),
        ('glad/3', 'glad'),
        ('sad/1.mp4', 'sad'),
        ('sad/deep/2.mp4', 'sad'),
    ]
    assert left_out == [LeftOut('4.mp4', 'not in a folder that names its class')]


def test_wrong_options_and_tables(tmp_path):
    touch(tmp_path, '1.mp4')
    (tmp_path / 'labels.csv').write_text('file,class\n1.mp4,x\n')
    with pytest.raises(RawDataError, match='no column label. The columns there are: file, class'):
        custom(tmp_path, labels='labels.csv').index()
    with pytest.raises(RawDataError, match='there is no other.csv'):
        custom(tmp_path, labels='other.csv').index()
    with pytest.raises(RawDataError, match=r"the table with label_columns \['arousal'\] is missing"):
        custom(tmp_path, label_columns=['arousal'])
    for options in (dict(labels='labels.csv', label_from='folder'), dict(label_from='file')):
        with pytest.raises(RawDataError, match="label_from='folder'"):
            custom(tmp_path, **options)
    with pytest.raises(RawDataError, match=r'cannot be read \(No such file(.|\n)*clip.wav'):
        custom(tmp_path / 'nowhere')


def test_folder_that_cannot_be_listed_is_reported(tmp_path, monkeypatch):
    touch(tmp_path, '1.mp4', 'locked/2.mp4')
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith('locked'):
            raise PermissionError(13, 'Permission denied', str(path))
        return scandir(path)

    # root may read everything, so permissions alone would not do
    monkeypatch.setattr(os, 'scandir', refusing)
    clips, left_out = custom(tmp_path).index()
    assert [c.video for c in clips] == ['1.mp4']
    assert left_out == [LeftOut('locked', 'the folder cannot be listed')]


def test_a_label_with_a_line_break_is_left_out_and_classes_stay_in_step(tmp_path):
    touch(tmp_path, *(f'{number}.mp4' for number in range(4)))
    (tmp_path / 'l.csv').write_text(
        'file,label,subject\n0.mp4,"new\nline",a\n1.mp4,old,"a\tb"\n2.mp4,old,c\n3.mp4," old\u200b",c\n',
        encoding='utf-8',
    )
    raw_set = custom(tmp_path, labels='l.csv')
    clips, left_out = raw_set.index()
    assert [clip.id for clip in clips] == ['2', '3'] and raw_set.class_names(clips) == ['old']
    assert [(name, reason.split(' contains')[0]) for name, reason in left_out] == [
        ('0', 'its label'),
        ('1', 'its subject'),
    ]


def test_paths_of_the_table_may_be_absolute_and_numbers_may_have_decimals(tmp_path):
    touch(tmp_path, 'raw/a/1.mp4', 'raw/2.mp4', 'raw/3.0.mp4', 'raw/3.mp4', 'raw/4.mp4')
    (tmp_path / 'link').symlink_to('raw')
    rows = [f'{tmp_path}/raw/a/1.mp4', f'{tmp_path}/link/4.mp4', '2.0', '3.0', '3', '/elsewhere/5.mp4']
    (tmp_path / 'raw' / 'l.csv').write_text('file,label\n' + ''.join(f'{path},l{i}\n' for i, path in enumerate(rows)))
    for raw in ('raw', 'link'):
        clips, left_out = custom(tmp_path / raw, labels='l.csv').index()
        assert {clip.video: clip.label for clip in clips} == {
            'a/1.mp4': 'l0',
            '4.mp4': 'l1',
            '2.mp4': 'l2',
            '3.0.mp4': 'l3',
            '3.mp4': 'l4',
        }
        assert left_out == [LeftOut('/elsewhere/5.mp4', 'a label without media')]


@pytest.mark.parametrize('fps', [0, -25, float('nan'), 'abc'])
def test_an_impossible_rate_is_refused_before_the_first_clip(fps, tmp_path):
    with pytest.raises(RawDataError, match='fps must be a positive number'):
        custom(tmp_path, fps=fps)
