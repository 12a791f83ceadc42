"""Miniature raw data sets in the layouts that parsers expect; media are empty files, for parsers open none."""

from pathlib import Path

from mmavf.preparation.raw_clip import RawIndex
from mmavf.preparation.raw_sets import RawSet
from mmavf.registry import RAW_SETS


def touch(root: Path, *names: str) -> None:
    """Make empty files; a name that ends with / becomes a folder with one image."""
    for name in names:
        path = root / (f'{name}00001.jpg' if name.endswith('/') else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write(root: Path, name: str, *lines: str) -> None:
    """Make a text of lines."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')


def raw_set(name: str, raw: Path, **options: object) -> RawSet:
    """Build the parser of a set."""
    return RAW_SETS.build(dict(type=name, raw=str(raw), name=name, **options))


def index(name: str, raw: Path, **options: object) -> RawIndex:
    """Parse a raw folder."""
    return raw_set(name, raw, **options).index()


def mafw(root: Path) -> None:
    """Five folds of one clip, and in the compound lists a second one each; 00006 and 00016 have troubles."""
    rows = ['00001.mp4 anger', '00002.mp4 disgust', '00003.mp4 fear', '00004.mp4 happiness', '00005.mp4 neutral']
    more = ['00011.mp4 anger_disgust', '00012.mp4 anger_disgust', '00013.mp4 fear_sadness_anxiety']
    more += ['00014.mp4 fear_sadness_anxiety', '00015.mp4 sadness_helplessness']
    for fold in range(1, 6):
        test, train = [rows[fold - 1]], rows[: fold - 1] + rows[fold:]
        _mafw_lists(root, 'single', fold, train, test + (['00006.mp4 contempt', '00007.mp4 joy'] if fold == 5 else []))
        _mafw_lists(root, 'compound', fold, train + more, [*test, more[fold - 1]])
    for number in (1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 14, 15):
        touch(root, f'data/frames/{number:05d}/', f'data/clips/{number:05d}.mp4')
    touch(root, 'data/audio_16k/00002.wav')


def _mafw_lists(root: Path, kind: str, fold: int, train: list[str], test: list[str]) -> None:
    write(root, f'Train_Test_Set/{kind}/no_caption/set_{fold}/train.txt', *train)
    write(root, f'Train_Test_Set/{kind}/no_caption/set_{fold}/test.txt', *test)


def dfew(root: Path) -> None:
    """Five folds of two clips with the classes 1 to 7, one clip each without frames and without sound."""
    rows = [f'{number},{(number - 1) % 7 + 1}' for number in range(1, 11)]
    for fold in range(1, 6):
        test = rows[2 * fold - 2 : 2 * fold]
        train = [row for row in rows if row not in test]
        write(root, f'EmoLabel_DataSplit/train(single-labeled)/set_{fold}.csv', 'video_name,label', *train)
        write(root, f'EmoLabel_DataSplit/test(single-labeled)/set_{fold}.csv', 'video_name,label', *test)
    touch(root, *(f'Clip/jpg_256/{number:05d}/' for number in range(1, 12) if number != 9))
    touch(root, *(f'Clip/original/part_{number % 2}/{number}.mp4' for number in range(1, 12) if number != 10))


def mer_multi(root: Path) -> None:
    """Three clips to train on, two to test on."""
    rows = ['samplea_1,happy,3.2', 'samplea_2,worried,-1.5', 'samplea_3,neutral,0.1', 'samplea_9,sad,-2']
    write(root, 'train-label.csv', 'name,discrete,valence', *rows)
    write(root, 'test1-label.csv', 'name,discrete,valence', 'sampleb_1,angry,-3', 'sampleb_2,surprise,1')
    touch(root, 'train/samplea_1.avi', 'train/samplea_2.avi', 'train/samplea_3.mp4', 'train/samplea_4.avi')
    touch(root, 'test1/sampleb_1.avi', 'test1/sampleb_2.avi', 'test2/samplec_1.avi')


def mer24(root: Path) -> None:
    """The clips of `mer_multi`, one with a wav."""
    rows = ['samplea_1,happy,3.2', 'samplea_2,worried,-1.5', 'sampleb_1,angry,-3', 'sampleb_2,excited,1']
    write(root, 'label-disdim.csv', 'name,discrete,valence', *rows)
    touch(root, *(f'video-labeled/{row.split(",")[0]}.mp4' for row in rows), 'data/audio_16k/samplea_2.wav')


def iemocap(root: Path) -> None:
    """A dialog in each session, where the first wears markers on the left; one without a video."""
    for session in range(1, 6):
        marked = 'FM'[session % 2]
        dialog = f'Ses{session:02d}{marked}_script01_1'
        folder = f'Session{session}/dialog'
        rows = [f'{dialog}_F000\tneu\t[2.5, 2.5, 2.5]', f'{dialog}_M000\texc\t[4.0, 3.5, 2.5]']
        rows += [f'{dialog}_M001\txxx\t[2.0, 3.0, 2.5]', f'{dialog}_F001\tfru\t[2.0, 3.0, 2.5]']
        spans = ['[6.2901 - 8.2357]', '[10.0100 - 11.3925]', '[14.8872 - 18.0175]', '[19.2900 - 20.7875]']
        lines = [f'{span}\t{row}' for span, row in zip(spans, rows, strict=True)]
        comments = ['C-E2:\tNeutral;\t()', 'A-E3:\tval 3; act 2; dom  2;\t()']
        header = '% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]'
        write(root, f'{folder}/EmoEvaluation/{dialog}.txt', header, '', *(t for r in lines for t in (r, *comments, '')))
        touch(root, f'{folder}/EmoEvaluation/._{dialog}.txt', f'{folder}/avi/DivX/._{dialog}.avi')
        write(root, f'{folder}/EmoEvaluation/Categorical/{dialog}_e2_cat.txt', f'{lines[0]} :Neutral;')
        if session != 5:
            touch(root, f'{folder}/avi/DivX/{dialog}.avi')
    touch(root, 'Session1/dialog/avi/DivX/Ses01F_impro99.avi')


def crema_d(root: Path) -> None:
    """A clip of each emotion, the four broken ones, and one without a wav."""
    emotions = ('ANG', 'DIS', 'FEA', 'HAP', 'NEU', 'SAD')
    names = [f'{1001 + 18 * n}_DFA_{emotion}_XX' for n, emotion in enumerate(emotions[:5])] + ['1091_IEO_SAD_HI']
    names += ['1076_MTI_NEU_XX', '1076_MTI_SAD_XX', '1064_TIE_SAD_XX', '1064_IEO_DIS_MD']
    touch(root, *(f'VideoFlash/{name}.flv' for name in [*names, 'test']))
    touch(root, *(f'AudioWAV/{name}.wav' for name in [*names[1:], '1002_DFA_ANG_XX']))


def ravdess(root: Path) -> None:
    """An actor of each fold with two emotions; song, full files, and partners that are missing."""
    for actor in (1, 6, 11, 16, 17, 24):
        for emotion in (1, (actor % 7) + 2):
            rest = f'01-{emotion:02d}-01-01-01-{actor:02d}'
            touch(root, f'Video_Speech_Actor_{actor:02d}/Actor_{actor:02d}/01-{rest}.mp4')
            touch(root, f'Video_Speech_Actor_{actor:02d}/Actor_{actor:02d}/02-{rest}.mp4')
            touch(root, f'Audio_Speech_Actors_01-24/Actor_{actor:02d}/03-{rest}.wav')
    touch(root, 'Video_Song_Actor_01/Actor_01/02-02-03-01-01-01-01.mp4', 'Actor_02/notes.wav')
    touch(root, 'Actor_02/02-01-04-01-01-01-02.mp4', 'Actor_02/03-01-05-01-01-01-02.wav')
    touch(root, 'Actor_02/02-01-09-01-01-01-02.mp4', 'Actor_02/03-01-09-01-01-01-02.wav')


def msp_improv(root: Path) -> None:
    """A turn in each session, perceived otherwise than intended, and such that cannot be used."""
    turns = [(f'S01A-{"FM"[n % 2]}{n:02d}-P-FM{n:02d}', 'AHNS'[n % 4]) for n in range(1, 7)]
    turns += [('S02H-F01-S-FM10', 'O'), ('S03N-F02-T-MF111', 'X'), ('S04S-F03-R-FM02', 'A'), ('S05A-F04-S-FM03', 'H')]
    rows = []
    for turn, label in [*turns, ('S05A-F04-S-FM03', 'N')]:
        rows += [f'UTD-IMPROV-{turn}.avi; {label}; A:2.2; V:3.000000; D:NaN ; N:4.1;']
        rows += ['F2013; Sad; Frustrated, Sad; A:3.0; V:1.0; D:3.0; N:4.0;', '']
    write(root, 'Evalution.txt', *rows)
    touch(root, *(f'session1/S01A/P/MSP-IMPROV-{turn}.avi' for turn, _ in turns if turn != 'S04S-F03-R-FM02'))
    touch(root, f'session1/S01A/P/MSP-IMPROV-{turns[0][0]}.wav', 'session1/MSP-IMPROV-S09A-F01-P-FM01.avi')


def werewolf_xl(root: Path) -> None:
    """A clip in each fifth of the groups; columns in an order of their own."""
    names = ['01_01_128', '07_02_5', '13_01_1', '24_03_77', '30_01_2']
    rows = [f'{name},{n - 1.5},{n / 4},{n / 8 - 0.5}' for n, name in enumerate(names)]
    write(root, 'labels.csv', 'clip,Dominance,Valence,Arousal', *rows, '05_01_1,,0,0', 'intro_1,1,1,1', '02_01_1,1,1,1')
    touch(root, *(f'clips/{name}.mp4' for name in [*names, '05_01_1', 'intro_1', '03_01_1']), 'clips/07_02_5.wav')


def avcaffe(root: Path) -> None:
    """Two tasks of a participant to train on, one of a participant to test on, each of two segments."""
    groups = ['aiim003_task_1', 'aiim003_task_2', 'aiim001_task_1']
    write(root, 'ground_truths/arousal.txt', *(f'{group}, wide-awake' for group in groups), 'aiim105_task_9, Calm')
    write(root, 'ground_truths/valence.txt', *(f'{group}, Pleased' for group in groups[1:]), f'{groups[0]}, 7')
    for group in [*groups, 'aiim004_task_1']:
        person, task = group.split('_', 1)
        touch(root, *(f'videos/shorter_segments/{person}/{task}/{group}_{part}.avi' for part in ('0', '10')))
    touch(root, 'videos/shorter_segments/readme.avi')


def ferv39k(root: Path) -> None:
    """Two clips to train on and one to test on; and of each trouble one."""
    lists = '4_setups/All_scenes'
    write(root, f'{lists}/train_All.csv', 'Action/Happy/0001 Happy', 'School/Angry/0001 Angry', 'Action/Sad/0009 Sad')
    write(root, f'{lists}/test_All.csv', 'Action/Fear/0002 Fear', 'Action/Sad/0009 Sad', 'Crime/Calm/0003 Calm')
    clips = ('Action/Happy/0001', 'School/Angry/0001', 'Action/Sad/0009', 'Action/Fear/0002', 'Crime/Calm/0003')
    touch(root, *(f'2_ClipsforFaceCrop/{clip}/' for clip in (*clips, 'Action/Fear/0004')))


def enterface05(root: Path) -> None:
    """A subject of each fold with two emotions; two forms of folders, and recordings that are not cut."""
    for subject in (1, 11, 20, 37, 44):
        touch(root, f'enterface database/subject {subject}/anger/sentence 2/s{subject}_an_2.avi')
        touch(root, f'enterface database/subject {subject}/Surprise/s_{subject}_su_5.avi')
    touch(root, 'enterface database/subject 6/anger.avi', 'enterface database/subject 1/calm/sentence 1/s1_ca_1.avi')
    for twin in ('sentence 3/s1_an_2.avi', 'sentence 3/s1_an_3.avi'):  # a file with another sentence's number
        touch(root, f'enterface database/subject 1/anger/{twin}')


# card → what builds its miniature
TREES = dict(
    **dict(mafw11=mafw, mafw43=mafw, dfew=dfew, mer_multi=mer_multi, mer24=mer24, iemocap=iemocap),
    **dict(crema_d6=crema_d, crema_d4=crema_d, ravdess=ravdess, msp_improv=msp_improv, werewolf_xl=werewolf_xl),
    **dict(avcaffe_arousal=avcaffe, avcaffe_valence=avcaffe, ferv39k=ferv39k, enterface05=enterface05),
)
