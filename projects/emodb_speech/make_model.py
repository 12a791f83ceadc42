"""Train small speech emotion models on EMO-DB, test each on two held-out speakers, and publish the first.

    python projects/emodb_speech/make_model.py data/emodb_speech models/emodb_speech

RAW holds the recordings of EMO-DB under their names (`03a01Fa.wav` or `.flac`). OUT must not be there, or be empty.
Runs that are finished are not done again; the working folder is `work_dirs/emodb_speech`.
"""

import argparse
import csv
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG = HERE / 'configs/emodb_speech.py'
EMOTIONS = dict(W='anger', L='boredom', E='disgust', A='fear', F='happiness', N='neutral', T='sadness')
SPEAKERS = ('03', '08', '09', '10', '11', '12', '13', '14', '15', '16')
FOLDS = 5  # of two speakers each
NAME = re.compile(
    rf'({"|".join(SPEAKERS)})[ab]\d\d[{"".join(EMOTIONS)}][a-z]?\.(wav|flac)'
)  # speaker, sentence, emotion
LICENCE = 'CC0-1.0, as the recordings of EMO-DB'
ORIGIN = (
    'made by projects/emodb_speech of mmavf from EMO-DB (Burkhardt et al. 2005): German sentences of ten actors, who '
    'play seven emotions. It has heard eight of them and nothing else: other languages, rooms and emotions that are '
    'not played are unknown to it, and it is not there to judge people by. The score is on the two other actors.'
)


def fold_of(speaker: str) -> int:
    """Return the fold, from 1, in which a speaker is held out."""
    return SPEAKERS.index(speaker) // (len(SPEAKERS) // FOLDS) + 1


def write_list(raw: Path, path: Path) -> int:
    """Write the list of all recordings, files with other names left out; return their number."""
    files = sorted(file for file in raw.iterdir() if NAME.fullmatch(file.name))
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'w', newline='') as file:
        table = csv.writer(file)
        table.writerow(['video', 'audio', 'label', 'subject', 'fold'])
        for sound in files:
            speaker, emotion = sound.stem[:2], EMOTIONS[sound.stem[5]]
            table.writerow(['', sound.name, emotion, speaker, fold_of(speaker)])
    return len(files)


def options(raw: Path, ann_file: Path, **others: object) -> list[str]:
    """Return `--cfg-options` that name the recordings and their list for all loaders."""
    words = [f'{key}={value}' for key, value in others.items()]
    for loader in ('train', 'val', 'test'):
        dataset = f'{loader}_dataloader.dataset'
        words += [f'{dataset}.data_root={raw.resolve()}', f'{dataset}.ann_file={ann_file.resolve()}']
    return ['--cfg-options', *words]


def main() -> int:
    """Run the steps, each by a command of the package."""
    from mmavf.cli.main import main as mmavf

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('raw', type=Path, metavar='RAW', help='folder of the recordings')
    parser.add_argument('out', type=Path, metavar='OUT', help='model folder to write')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/emodb_speech'), help='folder of the trainings')
    parser.add_argument('--epochs', type=int, default=50, help='of each training (default: 50)')
    parser.add_argument('--jobs', type=int, default=2, help='trainings at a time (default: 2)')
    args = parser.parse_args()
    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        parser.error(f'{args.out} must not be there, or be an empty folder')
    ann_file = args.work_dir / 'all.csv'
    if not args.raw.is_dir() or not write_list(args.raw, ann_file):
        parser.error(f'{args.raw} holds no recordings of EMO-DB, such as 03a01Fa.wav')
    budget = {'train_cfg.max_epochs': args.epochs}
    folds = args.work_dir / 'folds'
    steps = [
        ['cross-validate', CONFIG, '--work-dir', folds, '--jobs', args.jobs, *options(args.raw, ann_file, **budget)],
        [
            *('publish', folds / f'fold_1/epoch_{args.epochs}.pth', args.out),
            *('--result', folds / 'fold_1/test/metrics.json', '--licence', LICENCE, '--origin', ORIGIN),
        ],
    ]
    for step in steps:
        if status := mmavf([str(word) for word in step]):
            return status
    return 0


if __name__ == '__main__':
    sys.exit(main())
