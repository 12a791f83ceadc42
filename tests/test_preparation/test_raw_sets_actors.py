"""Parsers of sets with actors, whose file names tell most, on miniatures in their layout."""

import pytest

from mmavf.datasets.targets.folds import folds_by_rule
from mmavf.errors import RawDataError
from tests.helpers.raw_trees import crema_d, iemocap, index, msp_improv, ravdess, touch, write


def folds(name, found):
    return folds_by_rule(name, [dict(subject=clip.subject) for clip in found.clips])


def reasons(found):
    return {left.name: left.reason for left in found.left_out}


def test_iemocap_turns_have_times_speaker_and_half(tmp_path):
    iemocap(tmp_path)
    found = index('iemocap', tmp_path)
    assert [clip.id for clip in found.clips] == [
        *('Ses01M_script01_1_F000', 'Ses01M_script01_1_M000', 'Ses02F_script01_1_F000', 'Ses02F_script01_1_M000'),
        *('Ses03M_script01_1_F000', 'Ses03M_script01_1_M000', 'Ses04F_script01_1_F000', 'Ses04F_script01_1_M000'),
    ]
    woman, man = found.clips[:2]
    assert (woman.start_sec, woman.end_sec, woman.label, woman.subject) == (6.2901, 8.2357, 'neu', 'Ses01F')
    assert (man.start_sec, man.end_sec, man.label, man.subject) == (10.01, 11.3925, 'exc', 'Ses01M')
    assert woman.video == man.video == 'Session1/dialog/avi/DivX/Ses01M_script01_1.avi'
    assert woman.audio == man.audio == '', 'the sound of the dialog has the times of the turn'
    # Ses01M and Ses03M: the man is on the left; Ses02F and Ses04F: the woman
    assert [clip.half for clip in found.clips] == ['right', 'left', 'left', 'right'] * 2
    assert folds('iemocap', found) == list('11223344')


def test_iemocap_other_emotions_and_missing_videos_are_left_out(tmp_path):
    iemocap(tmp_path)
    left_out = reasons(index('iemocap', tmp_path))
    assert left_out['Ses02F_script01_1_M001'] == "label 'xxx' is none of the classes"
    assert left_out['Ses02F_script01_1_F001'] == "label 'fru' is none of the classes"
    assert left_out['Ses05M_script01_1_F000'] == 'a label without media'
    assert left_out['Session1/dialog/avi/DivX/Ses01F_impro99.avi'] == 'media without a label'
    assert len(left_out) == 2 * 5 + 2 + 1, 'sheets of single evaluators and ._ files are not read'


def test_iemocap_a_row_of_another_form_is_said(tmp_path):
    iemocap(tmp_path)
    path = 'Session1/dialog/EmoEvaluation/Ses01M_script01_1.txt'
    lines = (tmp_path / path).read_text().splitlines()
    write(tmp_path, path, *lines, '[21.0 - 22.5]\tMocap_F002\tneu\t[2.5, 2.5, 2.5]')
    found = index('iemocap', tmp_path)
    assert len(found.clips) == 8
    assert reasons(found)[f'{path}:{len(lines) + 1}'] == 'the row is not `[start - end] turn emotion`'


def test_iemocap_a_missing_session_is_said(tmp_path):
    iemocap(tmp_path)
    (tmp_path / 'Session3').rename(tmp_path / 'elsewhere')
    found = index('iemocap', tmp_path)
    assert {clip.subject[:5] for clip in found.clips} == {'Ses01', 'Ses02', 'Ses04'}
    assert reasons(found)['Session3/dialog/EmoEvaluation'] == 'the folder cannot be listed'


def test_sound_in_two_copies_or_without_a_video_is_said(tmp_path):
    msp_improv(tmp_path)
    touch(tmp_path, 'copy/MSP-IMPROV-S01A-M01-P-FM01.wav', 'session9/MSP-IMPROV-S09A-F01-P-FM01.wav')
    touch(tmp_path, 'session9/MSP-IMPROV-S09B-F01-P-FM01.wav')
    found = index('msp_improv', tmp_path)
    assert found.clips[[clip.subject for clip in found.clips].index('M01')].audio.startswith('copy/')
    left_out = reasons(found)
    double = 'session1/S01A/P/MSP-IMPROV-S01A-M01-P-FM01.wav'
    assert left_out[double] == 'another file of this clip is taken'
    assert left_out['session9/MSP-IMPROV-S09B-F01-P-FM01.wav'] == 'sound without a video'
    assert 'session9/MSP-IMPROV-S09A-F01-P-FM01.wav' not in left_out, 'its video is said to have no label'


def test_crema_d6_drops_the_broken_and_takes_wav_or_own_sound(tmp_path):
    crema_d(tmp_path)
    found = index('crema_d6', tmp_path)
    assert [(clip.label, clip.subject) for clip in found.clips] == [
        *(('ANG', '1001'), ('DIS', '1019'), ('FEA', '1037'), ('HAP', '1055'), ('NEU', '1073'), ('SAD', '1091')),
    ]
    assert folds('crema_d6', found) == list('123455')
    assert [clip.audio for clip in found.clips[:2]] == ['', 'AudioWAV/1019_DFA_DIS_XX.wav']
    assert found.clips[0].video == 'VideoFlash/1001_DFA_ANG_XX.flv'
    broken = ('1064_IEO_DIS_MD', '1064_TIE_SAD_XX', '1076_MTI_NEU_XX', '1076_MTI_SAD_XX')
    assert reasons(found) == {
        **dict.fromkeys(broken, 'known to be broken'),
        'VideoFlash/test.flv': 'the name is not actor_sentence_emotion_level',
        'AudioWAV/1002_DFA_ANG_XX.wav': 'sound without a video',
    }


def test_crema_d4_is_a_part_of_crema_d6(tmp_path):
    crema_d(tmp_path)
    six, four = index('crema_d6', tmp_path), index('crema_d4', tmp_path)
    assert four.clips == [clip for clip in six.clips if clip.label not in ('DIS', 'FEA')]
    assert reasons(four)['1019_DFA_DIS_XX'] == "label 'DIS' is none of the classes"


def test_crema_d_says_what_is_expected_of_a_wrong_folder(tmp_path):
    touch(tmp_path, 'videos/1001_DFA_ANG_XX.flv')
    with pytest.raises(RawDataError, match=r'(?s)there is no VideoFlash or .*Expected of crema_d6 in it:\nVideoFlash/'):
        index('crema_d6', tmp_path)
    with pytest.raises(RawDataError, match=r'(?s)nowhere: the raw folder cannot be read.*VideoFlash/'):
        index('crema_d6', tmp_path / 'nowhere')


def test_ravdess_pairs_faces_and_voices(tmp_path):
    ravdess(tmp_path)
    found = index('ravdess', tmp_path)
    assert len(found.clips) == 12
    first = found.clips[0]
    assert first.video == 'Video_Speech_Actor_01/Actor_01/02-01-01-01-01-01-01.mp4'
    assert first.audio == 'Audio_Speech_Actors_01-24/Actor_01/03-01-01-01-01-01-01.wav'
    labels = {'01': 'happy', '06': 'surprised', '11': 'fearful', '16': 'sad', '17': 'angry', '24': 'angry'}
    assert {clip.subject: clip.label for clip in found.clips if clip.label != 'neutral'} == labels
    assert dict(zip((clip.subject for clip in found.clips), folds('ravdess', found), strict=True)) == {
        **{'01': '1', '06': '2', '11': '3', '16': '4', '17': '5', '24': '6'}
    }


def test_a_sound_with_the_name_of_a_ravdess_video_is_left_out(tmp_path):
    ravdess(tmp_path)
    touch(tmp_path, 'Audio_Speech_Actors_01-24/Actor_01/02-01-06-01-02-01-01.wav')
    left_out = reasons(index('ravdess', tmp_path))
    assert left_out['02-01-06-01-02-01-01'] == 'a sound with the name of a video (02-)'


def test_ravdess_missing_partners_song_and_strangers_are_left_out(tmp_path):
    ravdess(tmp_path)
    left_out = reasons(index('ravdess', tmp_path))
    assert left_out.pop('01-04-01-01-01-02') == 'no sound (03-)'
    assert left_out.pop('01-05-01-01-01-02') == 'no video (02-)'
    assert left_out.pop('01-09-01-01-01-02') == "label '09' is none of the classes"
    assert left_out.pop('02-02-03-01-01-01-01') == 'not speech'
    assert left_out.pop('Actor_02/notes.wav') == 'the name is not seven fields of two digits'
    assert len(left_out) == 12
    assert set(left_out.values()) == {'full audio-video: 02- and 03- are taken'}


def test_ravdess_a_second_copy_is_left_out(tmp_path):
    ravdess(tmp_path)
    touch(tmp_path, 'copy/03-01-01-01-01-01-01.wav')
    found = index('ravdess', tmp_path)
    assert len(found.clips) == 12
    assert reasons(found)['copy/03-01-01-01-01-01-01.wav'] == 'another file of this clip is taken'


def test_msp_improv_takes_the_perceived_emotion(tmp_path):
    msp_improv(tmp_path)
    found = index('msp_improv', tmp_path)
    perceived = {clip.subject: clip.label for clip in found.clips}
    assert perceived == dict(M01='H', F02='N', M03='S', F04='A', M05='H', F06='N')
    assert sorted(folds('msp_improv', found)) == list('123456')
    sounds = {clip.subject: clip.audio for clip in found.clips}
    assert sounds['M01'] == 'session1/S01A/P/MSP-IMPROV-S01A-M01-P-FM01.wav'
    assert sounds['F02'] == ''
    assert reasons(found) == {
        'MSP-IMPROV-S02H-F01-S-FM10': "label 'O' is none of the classes",
        'MSP-IMPROV-S03N-F02-T-MF111': "label 'X' is none of the classes",
        'MSP-IMPROV-S04S-F03-R-FM02': 'a label without media',
        'MSP-IMPROV-S05A-F04-S-FM03': 'the evaluation file gives several labels',
        'session1/MSP-IMPROV-S09A-F01-P-FM01.avi': 'media without a label',
    }


def test_msp_improv_videos_may_be_named_as_in_the_sheet(tmp_path):
    write(tmp_path, 'Evaluation.txt', 'UTD-IMPROV-S01A-F01-P-FM01.avi; S; A:2.2; V:3.0; D:3.0 ; N:4.1;')
    touch(tmp_path, 'Video/UTD-IMPROV-S01A-F01-P-FM01.avi', 'Audio/MSP-IMPROV-S01A-F01-P-FM01.wav')
    (clip,) = index('msp_improv', tmp_path).clips
    assert (clip.id, clip.label) == ('MSP-IMPROV-S01A-F01-P-FM01', 'S')
    assert (clip.video, clip.audio) == (
        'Video/UTD-IMPROV-S01A-F01-P-FM01.avi',
        'Audio/MSP-IMPROV-S01A-F01-P-FM01.wav',
    )
