"""Parsers of emotion sets that come with label files, on miniatures in their layout."""

from collections import Counter

import pytest

from mmavf.datasets.targets.folds import folds_by_rule
from mmavf.errors import RawDataError
from tests.helpers.raw_trees import (
    avcaffe,
    dfew,
    enterface05,
    ferv39k,
    index,
    mafw,
    mer24,
    mer_multi,
    raw_set,
    touch,
    werewolf_xl,
    write,
)


def by_id(found):
    return {clip.id: clip for clip in found.clips}


def reasons(found):
    return {left.name: left.reason for left in found.left_out}


def test_mafw11_takes_official_folds_face_frames_and_the_sound_of_the_clips(tmp_path):
    mafw(tmp_path)
    found = index('mafw11', tmp_path)
    labels = ['anger', 'disgust', 'fear', 'happiness', 'neutral']
    assert [(c.id, c.label, c.fold) for c in found.clips] == [
        (f'0000{fold}', label, str(fold)) for fold, label in enumerate(labels, start=1)
    ]
    assert all(clip.faces and clip.fps is None and clip.video == f'data/frames/{clip.id}' for clip in found.clips)
    assert by_id(found)['00001'].audio == 'data/clips/00001.mp4'
    assert by_id(found)['00002'].audio == 'data/audio_16k/00002.wav', 'sound that is extracted comes first'
    expected = {'00006': 'a label without media', '00007': "label 'joy' is none of the classes"}
    unlisted = {f'data/frames/{number:05d}': 'media without a label' for number in (8, 11, 12, 13, 14, 15)}
    assert reasons(found) == expected | unlisted


def test_mafw43_has_the_single_clips_too_under_the_same_ids_and_names_its_classes(tmp_path):
    mafw(tmp_path)
    parser = raw_set('mafw43', tmp_path)
    clips = by_id(parser.index())
    single = by_id(index('mafw11', tmp_path))
    assert {name: clips[name] for name in single} == single
    assert {name: clip.label for name, clip in clips.items() if name not in single} == {
        '00011': 'anger_disgust',
        '00012': 'anger_disgust',
        '00013': 'fear_sadness_anxiety',
        '00014': 'fear_sadness_anxiety',
        '00015': 'sadness_helplessness',
    }
    names = parser.class_names([])
    assert names[:11] == raw_set('mafw11', tmp_path).class_names([])
    assert names[11:] == ['anger_disgust', 'fear_sadness_anxiety', 'sadness_helplessness']


def test_mafw_clips_without_sound_are_left_out(tmp_path):
    mafw(tmp_path)
    (tmp_path / 'data/clips/00003.mp4').unlink()
    found = index('mafw11', tmp_path)
    assert '00003' not in by_id(found)
    assert reasons(found)['00003'] == 'no source of sound'


def test_mafw_lists_elsewhere_by_option(tmp_path):
    mafw(tmp_path)
    (tmp_path / 'Train_Test_Set').rename(tmp_path / 'splits')
    with pytest.raises(RawDataError, match='no Train_Test_Set/compound/no_caption or .*Expected of mafw43'):
        raw_set('mafw43', tmp_path)
    assert len(index('mafw43', tmp_path, lists='splits/compound/no_caption').clips) == 10
    found = index('mafw11', tmp_path, lists='splits/compound/no_caption')
    assert len(found.clips) == 5, 'compound classes are none of the 11'
    assert reasons(found)['00013'] == "label 'fear_sadness_anxiety' is none of the classes"


def test_mafw_contradictory_lists_are_reported(tmp_path):
    mafw(tmp_path)
    lists = 'Train_Test_Set/single/no_caption'
    write(tmp_path, f'{lists}/set_1/test.txt', '00001.mp4 anger', '00002.mp4 disgust', '00003.mp4 sadness')
    write(tmp_path, f'{lists}/set_4/test.txt', '')
    left_out = reasons(index('mafw11', tmp_path))
    assert left_out['00002'] == 'several official folds test on it'
    assert left_out['00003'] == 'the official lists give several labels'
    assert left_out['00004'] == 'no official folds test on it'
    write(tmp_path, f'{lists}/set_5/train.txt', '00001.mp4 anger', '00002.mp4')
    with pytest.raises(RawDataError, match=r'set_5/train.txt:2: expected a clip and its class'):
        index('mafw11', tmp_path)
    (tmp_path / lists / 'set_5/train.txt').unlink()
    with pytest.raises(RawDataError, match=r'there is no .*set_5/train.txt'):
        index('mafw11', tmp_path)


def test_dfew_numbers_become_names(tmp_path):
    dfew(tmp_path)
    found = index('dfew', tmp_path)
    labels = ['happy', 'sad', 'neutral', 'angry', 'surprise', 'disgust', 'fear', 'happy']
    assert [(c.id, c.label) for c in found.clips] == [(f'0000{n}', label) for n, label in enumerate(labels, start=1)]
    assert [clip.fold for clip in found.clips] == ['1', '1', '2', '2', '3', '3', '4', '4']
    assert [clip.audio for clip in found.clips[:2]] == ['Clip/original/part_1/1.mp4', 'Clip/original/part_0/2.mp4']
    assert all(clip.faces and clip.video == f'Clip/jpg_256/{clip.id}' for clip in found.clips)
    assert reasons(found) == {
        '00009': 'a label without media',
        '00010': 'no source of sound',
        'Clip/jpg_256/00011': 'media without a label',
    }


def test_dfew_two_clips_of_one_number_are_said(tmp_path):
    dfew(tmp_path)
    touch(tmp_path, 'Clip/original/part_2/1.mp4', 'Clip/original/2.wav')
    found = index('dfew', tmp_path)
    assert [clip.audio for clip in found.clips[:2]] == ['Clip/original/part_1/1.mp4', 'Clip/original/2.wav']
    left_out = reasons(found)
    assert left_out['Clip/original/part_2/1.mp4'] == 'another file of this clip is taken'
    assert 'Clip/original/part_0/2.mp4' not in left_out, 'that a wav comes before a video is what the layout says'


def test_dfew_labels_beyond_seven_are_left_out(tmp_path):
    dfew(tmp_path)
    for part in ('train', 'test'):
        for path in (tmp_path / f'EmoLabel_DataSplit/{part}(single-labeled)').iterdir():
            path.write_text(path.read_text().replace('\n1,1\n', '\n00001,8\n'))
    assert reasons(index('dfew', tmp_path))['00001'] == "label '8' is none of the classes"


def test_mer_multi_tests_on_test1(tmp_path):
    mer_multi(tmp_path)
    found = index('mer_multi', tmp_path)
    assert [(c.id, c.video, c.label, c.fold) for c in found.clips] == [
        ('samplea_1', 'train/samplea_1.avi', 'happy', 'train'),
        ('samplea_2', 'train/samplea_2.avi', 'worried', 'train'),
        ('samplea_3', 'train/samplea_3.mp4', 'neutral', 'train'),
        ('sampleb_1', 'test1/sampleb_1.avi', 'angry', 'test'),
        ('sampleb_2', 'test1/sampleb_2.avi', 'surprise', 'test'),
    ]
    assert reasons(found) == {'samplea_9': 'a label without media', 'train/samplea_4.avi': 'media without a label'}


def test_mer_multi_needs_the_columns(tmp_path):
    mer_multi(tmp_path)
    write(tmp_path, 'test1-label.csv', 'name,valence', 'sampleb_1,-3')
    with pytest.raises(RawDataError, match='test1-label.csv.*discrete'):
        index('mer_multi', tmp_path)


def test_mer24_shares_ids_with_mer_multi_and_takes_extracted_sound(tmp_path):
    mer_multi(tmp_path / '2023')
    mer24(tmp_path / '2024')
    found = index('mer24', tmp_path / '2024')
    older = by_id(index('mer_multi', tmp_path / '2023'))
    assert [(c.id, c.label) for c in found.clips] == [
        (n, older[n].label) for n in ('samplea_1', 'samplea_2', 'sampleb_1')
    ]
    assert [clip.audio for clip in found.clips] == [
        'video-labeled/samplea_1.mp4',
        'data/audio_16k/samplea_2.wav',
        'video-labeled/sampleb_1.mp4',
    ]
    assert not any(clip.faces or clip.fold for clip in found.clips)
    assert reasons(found) == {'sampleb_2': "label 'excited' is none of the classes"}
    rows = [dict(id=clip.id, label=clip.label) for clip in found.clips]
    assert set(folds_by_rule('mer24', rows)) <= set('12345')


def test_mer24_aligned_faces_are_used_as_they_are(tmp_path):
    mer24(tmp_path)
    touch(tmp_path, 'data/face_aligned/samplea_2/', 'data/face_aligned/samplenew3_1/', 'data/face_aligned/sampleb_1/')
    (tmp_path / 'video-labeled/sampleb_1.mp4').unlink()
    found = index('mer24', tmp_path)
    assert [(c.id, c.video, c.faces) for c in found.clips] == [('samplea_2', 'data/face_aligned/samplea_2', True)]
    assert reasons(found) == {
        'samplea_1': 'a label without media',
        'sampleb_1': 'no source of sound',
        'sampleb_2': "label 'excited' is none of the classes",
        'data/face_aligned/samplenew3_1': 'media without a label',
    }


def test_werewolf_xl_numbers_follow_the_names_of_columns_and_groups_the_folds(tmp_path):
    werewolf_xl(tmp_path)
    found = index('werewolf_xl', tmp_path)
    clips = by_id(found)
    # the table is in the order dominance, valence, arousal
    assert clips['07_02_5'].numbers == dict(arousal=-0.375, valence=0.25, dominance=-0.5)
    assert [clip.subject for clip in found.clips] == ['01', '07', '13', '24', '30']
    assert folds_by_rule('werewolf_xl', [dict(subject=clip.subject) for clip in found.clips]) == list('12345')
    assert clips['07_02_5'].audio == 'clips/07_02_5.wav'
    assert clips['01_01_128'].audio == '', 'its own sound'
    assert reasons(found) == {
        '02_01_1': 'a label without media',
        '05_01_1': 'one of arousal, valence, dominance is not a number',
        'clips/03_01_1.mp4': 'media without a label',
        'intro_1': 'the name does not begin with the group',
    }


def test_werewolf_xl_refuses_tables_without_a_header(tmp_path):
    werewolf_xl(tmp_path)
    write(tmp_path, 'sheets/bare.csv', '01_01_128,0.1,0.2,0.3')
    with pytest.raises(RawDataError, match='bare.csv.*arousal'):
        index('werewolf_xl', tmp_path, labels='sheets/bare.csv')
    with pytest.raises(RawDataError, match='there is no sheets/none.csv'):
        raw_set('werewolf_xl', tmp_path, labels='sheets/none.csv')


def test_avcaffe_segments_share_label_subject_and_group_of_their_task(tmp_path):
    avcaffe(tmp_path)
    found = index('avcaffe_arousal', tmp_path)
    assert Counter((c.group, c.subject, c.label) for c in found.clips) == {
        ('aiim001_task_1', 'aiim001', 'Wide-awake'): 2,
        ('aiim003_task_1', 'aiim003', 'Wide-awake'): 2,
        ('aiim003_task_2', 'aiim003', 'Wide-awake'): 2,
    }
    folds = folds_by_rule('avcaffe_arousal', [dict(subject=clip.subject) for clip in found.clips])
    assert folds == ['test', 'test', 'train', 'train', 'train', 'train']
    assert reasons(found) == {
        'aiim004_task_1_0': 'media without a label',
        'aiim004_task_1_10': 'media without a label',
        'aiim105_task_9': 'a label without media',
        'videos/shorter_segments/readme.avi': 'the name does not begin with participant and task',
    }


def test_avcaffe_valence_has_labels_of_its_own(tmp_path):
    avcaffe(tmp_path)
    found = index('avcaffe_valence', tmp_path)
    assert {clip.group: clip.label for clip in found.clips} == dict(aiim001_task_1='Pleased', aiim003_task_2='Pleased')
    assert reasons(found)['aiim003_task_1_0'] == "label '7' is none of the classes"
    arousal = by_id(index('avcaffe_arousal', tmp_path))
    assert all(arousal[clip.id].video == clip.video for clip in found.clips)


def test_avcaffe_names_the_line_of_a_broken_label_file(tmp_path):
    avcaffe(tmp_path)
    write(tmp_path, 'ground_truths/arousal.txt', 'aiim001_task_1, Calm', '', 'aiim003_task_1 Calm')
    with pytest.raises(RawDataError, match=r'arousal.txt:3: expected'):
        index('avcaffe_arousal', tmp_path)
    write(tmp_path, 'ground_truths/arousal.txt', 'aiim001_task_1, Calm', 'aiim001_task_1, Calm', 'aiim001_task_1, Dull')
    with pytest.raises(RawDataError, match=r'arousal.txt:3: aiim001_task_1 has another label in an earlier row: Calm'):
        index('avcaffe_arousal', tmp_path)
    (tmp_path / 'ground_truths/arousal.txt').write_bytes(b'aiim001_task_1, C\xff\n')
    with pytest.raises(RawDataError, match='arousal.txt: this is not text'):
        index('avcaffe_arousal', tmp_path)


def test_ferv39k_has_frames_and_one_split(tmp_path):
    ferv39k(tmp_path)
    found = index('ferv39k', tmp_path)
    assert [(clip.id, clip.label, clip.fold) for clip in found.clips] == [
        ('Action_Fear_0002', 'fear', 'test'),
        ('Action_Happy_0001', 'happy', 'train'),
        ('School_Angry_0001', 'angry', 'train'),
    ]
    assert all(clip.faces and clip.audio is None for clip in found.clips)
    assert by_id(found)['School_Angry_0001'].video == '2_ClipsforFaceCrop/School/Angry/0001'
    assert reasons(found) == {
        'Action_Sad_0009': 'listed with several classes or in both lists',
        'Crime_Calm_0003': "label 'Calm' is none of the classes",
        '2_ClipsforFaceCrop/Action/Fear/0004': 'media without a label',
    }


def test_ferv39k_lists_without_a_class_are_refused(tmp_path):
    ferv39k(tmp_path)
    write(tmp_path, '4_setups/All_scenes/test_All.csv', 'Action/Fear/0002 Fear', 'Action/Fear/0004')
    with pytest.raises(RawDataError, match=r'test_All.csv:2: expected a clip and its class'):
        index('ferv39k', tmp_path)


def test_enterface05_reads_subject_and_emotion_from_the_folders(tmp_path):
    enterface05(tmp_path)
    found = index('enterface05', tmp_path)
    assert [(clip.id, clip.label, clip.subject) for clip in found.clips[:3]] == [
        ('1_anger_2', 'anger', '1'),
        ('1_anger_3', 'anger', '1'),
        ('1_surprise_5', 'surprise', '1'),
    ]
    assert by_id(found)['1_anger_2'].video == 'enterface database/subject 1/anger/sentence 2/s1_an_2.avi'
    assert by_id(found)['1_anger_3'].video == 'enterface database/subject 1/anger/sentence 3/s1_an_2.avi'
    folds = folds_by_rule('enterface05', [dict(subject=clip.subject) for clip in found.clips])
    assert folds == ['1', *(fold for fold in '12345' for _ in range(2))]
    elsewhere = 'not in a folder of a subject and an emotion, or without a number'
    assert reasons(found) == {
        'enterface database/subject 6/anger.avi': elsewhere,
        'enterface database/subject 1/calm/sentence 1/s1_ca_1.avi': elsewhere,
        'enterface database/subject 1/anger/sentence 3/s1_an_3.avi': 'another file of this clip is taken',
    }
