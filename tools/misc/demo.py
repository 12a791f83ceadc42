"""All three stages of AVF-MAE++ on drawn talking faces, with a tiny model: the results are in demo/report/report.html.

1. Makes three synthetic sets: two to learn from, and a small target set with other people.
2. Pre-trains without labels, post-pre-trains (PSI) on the labels of the first two sets.
3. Fine-tunes on the target set, people of the test fold unseen: from scratch, pre-trained, pre-trained + PSI; with both
   modalities and with one.
4. Tests, and writes the report.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mmavf.cli.program import run_program
from mmavf.datasets.synthetic import SyntheticSettings, build_synthetic_set
from mmavf.errors import ConfigError, MMAVFError
from mmavf.protocol.fold_folder import fold_folder

ROOT = Path(__file__).resolve().parents[2]
MARK = '.made_by_demo'  # in folders of the demo, which it may remove
CONFIGS = {stage: f'configs/demo/avfmae_tiny_{stage}.py' for stage in ('pretrain', 'postpretrain', 'finetune')}
SETS = dict(
    hybrid_a=SyntheticSettings(clips=600, subjects=100, seed=0),
    hybrid_b=SyntheticSettings(clips=240, subjects=40, seed=2),
    target=SyntheticSettings(clips=96, subjects=16, seed=1),
)


class Variant(NamedTuple):
    """A way of fine-tuning: its title in the report, the stage that it starts from, its modalities."""

    title: str
    start: str | None
    modalities: tuple[str, ...] = ('video', 'audio')

    @property
    def name(self) -> str:
        """Name of its folder."""
        return '-'.join((self.start or 'scratch', *self.modalities))


VARIANTS = (
    Variant('from scratch', None),
    Variant('pre-trained', 'pretrain'),
    Variant('pre-trained + PSI', 'postpretrain'),
    Variant('pre-trained + PSI, video only', 'postpretrain', ('video',)),
    Variant('pre-trained + PSI, audio only', 'postpretrain', ('audio',)),
)
MAIN = VARIANTS[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('--out', type=Path, default=ROOT / 'demo', help='folder of data, runs and report')
    parser.add_argument('--folds', default='1,2', help='folds of the target set to test on: 1,2 (default) or all')
    parser.add_argument('--seeds', type=int, default=1, help='number of runs of all stages, each with another seed')
    parser.add_argument(
        '--resume', action='store_true', help='continue the runs that are there instead of starting new ones'
    )
    for stage in CONFIGS:
        parser.add_argument(f'--{stage}-epochs', type=int, help='epochs of this stage (default: as in the config)')


class Demo:
    """The steps of the demo for one seed."""

    def __init__(self, args: argparse.Namespace, seed: int) -> None:
        self.args = args
        self.seed = seed
        self.data = args.out
        self.runs = args.out / 'runs' / f'seed_{seed}'

    def work_dir(self, name: str) -> Path:
        """Return the folder of a stage or variant."""
        return self.runs / name

    def checkpoint(self, stage: str) -> Path:
        """Return the last checkpoint of a stage."""
        return Path((self.work_dir(stage) / 'last_checkpoint').read_text().strip())

    def options(self, stage: str, start: str | None, **more: str) -> list[str]:
        """Return the command-line overrides: data in this folder, seed, epochs, weights to start from."""
        # relative, because MMEngine removes spaces from the values of --cfg-options
        data = {name: os.path.relpath(self.data / name, ROOT) for name in SETS}
        roots = dict(
            pretrain={'train_dataloader.dataset.data_root': data['hybrid_a']},
            postpretrain={
                'train_dataloader.dataset.datasets.0.data_root': data['hybrid_a'],
                'train_dataloader.dataset.datasets.1.data_root': data['hybrid_b'],
                'train_dataloader.dataset.held_out.0.data_root': data['target'],
            },
            finetune={f'{part}_dataloader.dataset.data_root': data['target'] for part in ('train', 'val', 'test')},
        )
        chosen = {'randomness.seed': self.seed, **roots[stage], **more}
        epochs = getattr(self.args, f'{stage}_epochs')
        if epochs:
            chosen['train_cfg.max_epochs'] = epochs
        if start:
            chosen['load_from'] = os.path.relpath(self.checkpoint(start), ROOT)
        return ['--cfg-options', *(f'{key}={value}' for key, value in chosen.items())]

    def train(self, stage: str, start: str | None = None) -> None:
        """Run a stage, or continue it."""
        begun = (self.work_dir(stage) / 'last_checkpoint').exists()
        where = ['--work-dir', self.work_dir(stage), *(['--resume'] if begun else [])]
        # a second thread gains nothing at this width, and keeps the core from the loader
        run_tool('tools/train.py', CONFIGS[stage], *where, *self.options(stage, start), threads=1)

    def fine_tune(self, variant: Variant) -> None:
        """Fine-tune and test a variant on all chosen folds, two at a time."""
        left_out = {'video', 'audio'}.difference(variant.modalities)
        parts = {f'model.{modality}_encoder': 'None' for modality in left_out}
        if left_out:
            parts['model.correlation'] = 'None'
        where = ('--work-dir', self.work_dir(variant.name), '--folds', self.args.folds, '--jobs', '2')
        options = self.options('finetune', variant.start, **parts)
        run_tool('tools/cross_validate.py', CONFIGS['finetune'], *where, *options, threads=1)


def run_tool(*words: str | Path, threads: int | None = None) -> None:
    """Run one of the project's tools.

    Raises:
        MMAVFError: It failed.
    """
    print(f'\n$ python {" ".join(str(word) for word in words)}', flush=True)
    env = os.environ | ({} if threads is None else {'OMP_NUM_THREADS': str(threads)})
    done = subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, env=env)
    if done.returncode:
        raise MMAVFError(f'The demo stops: {words[0]} ended with exit status {done.returncode}.')


def claim(folder: Path, anew: bool) -> None:
    """Make a folder of the demo's own, emptied where `anew`.

    Raises:
        ConfigError: Someone else's files are there.
    """
    if folder.exists() and not (folder / MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f'{folder} was not made by the demo, which would write to it: choose another --out.')
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def claim_all(out: Path, seeds: int, resume: bool) -> None:
    """Make the folders of report and runs; those of earlier runs of the demo are removed unless `resume`."""
    runs = out / 'runs'
    if runs.exists() and not runs.is_dir():
        raise ConfigError(f'{runs} is a file, and the demo needs a folder there: choose another --out.')
    claim(out / 'report', anew=False)
    for folder in [runs / f'seed_{seed}' for seed in range(seeds)]:
        claim(folder, anew=not resume)
    if resume:
        return
    for folder in runs.glob('seed_*'):
        if (folder / MARK).exists() and int(folder.name.removeprefix('seed_')) >= seeds:
            shutil.rmtree(folder)


def make_sets(out: Path) -> None:
    """Make the synthetic sets, or complete them."""
    for name, settings in SETS.items():
        build_synthetic_set(out / name, settings, workers=len(os.sched_getaffinity(0)))


def draw_pretraining(demo: Demo, report: Path) -> dict[str, Path]:
    """Draw reconstructions and the pre-training loss; return the pictures by caption."""
    clips = ('--list', 'lists/val.csv', '--data-root', demo.data / 'hybrid_a', '--out', report)
    run_tool('tools/visualizations/vis_reconstruction.py', CONFIGS['pretrain'], demo.checkpoint('pretrain'), *clips)
    shutil.copy(demo.work_dir('pretrain') / 'loss_curve.png', report / 'loss_curve.png')
    return {
        'Pre-training: what hidden patches look like, as the model predicts them': report / 'reconstruction.png',
        'Pre-training: loss': report / 'loss_curve.png',
    }


def draw_features(demo: Demo, report: Path) -> dict[str, Path]:
    """Draw the first fold's features; return the picture by caption."""
    fold, checkpoint = first_fold(demo)
    where = ('--fold', fold, '--out', report / 'tsne.png')
    run_tool(
        'tools/visualizations/vis_tsne.py', CONFIGS['finetune'], checkpoint, *where, *demo.options('finetune', None)
    )
    caption = f'Fused features of unseen people (fold {fold}, {MAIN.title}), t-SNE, coloured by emotion'
    return {caption: report / 'tsne.png'}


def draw_prediction(demo: Demo, report: Path) -> dict[str, Path]:
    """Predict over time on a clip of a person held out in the first fold; return the picture by caption."""
    fold, checkpoint = first_fold(demo)
    with open(demo.data / 'target/lists/all.csv', newline='') as file:
        row = next(row for row in csv.DictReader(file) if row['fold'] == fold)
    clip = demo.data / 'target' / row['video']
    # the clips of the demo show a face and nothing else
    options = ('--config', CONFIGS['finetune'], '--checkpoint', checkpoint, '--detector', 'none', '--hop', '0.32')
    run_tool('-m', 'mmavf', 'predict', clip, *options, '--out', report / 'prediction', '--again')
    caption = f'A prediction over time, of a person not seen in training, who plays {row["label"]}'
    return {caption: report / f'prediction/{clip.stem}.png'}


def first_fold(demo: Demo) -> tuple[str, Path]:
    """Return the first fold of the main variant, and its checkpoint."""
    fold = demo.args.folds.split(',')[0] if demo.args.folds != 'all' else '1'
    run = demo.work_dir(MAIN.name) / fold_folder(fold)
    return fold, Path((run / 'last_checkpoint').read_text().strip())


@contextmanager
def clock(seconds: dict[str, float], what: str) -> Iterator[None]:
    """Record how long the block took."""
    start = time.monotonic()
    yield
    seconds[what] = time.monotonic() - start


def write_summary(out: Path, seconds: dict[str, float]) -> Path:
    """Write demo/report/summary.md: where everything is and how long it took."""
    times = ''.join(f'- {what}: {took:.0f} s\n' for what, took in seconds.items())
    summary = out / 'report/summary.md'
    summary.write_text(f"""# Demo: three stages of a tiny AVF-MAE++

Open `{out / 'report/report.html'}` for scores, confusion matrices, losses and pictures.

| what | where |
|---|---|
| report | `{out / 'report/report.html'}` |
| reconstruction sheet, loss curve, t-SNE, prediction over time | `{out / 'report'}` |
| clips and lists | `{', '.join(str(out / name) for name in SETS)}` |
| logs, TensorBoard, checkpoints, predictions | `{out / 'runs'}` |

![loss](loss_curve.png)

![reconstruction](reconstruction.png)

{times}""")
    return summary


def run(args: argparse.Namespace) -> None:
    """Run all stages, and write report and summary."""
    args.out = args.out.resolve()
    report, seconds = args.out / 'report', {}
    claim_all(args.out, args.seeds, args.resume)
    with clock(seconds, 'all'):
        with clock(seconds, 'synthetic sets'):
            make_sets(args.out)
        rows, pictures = [], {}
        for seed in range(args.seeds):
            demo = Demo(args, seed)
            with clock(seconds, f'seed {seed}: pre-training'):
                demo.train('pretrain')
            if seed == 0:
                with clock(seconds, 'pictures of pre-training'):
                    pictures |= draw_pretraining(demo, report)
            with clock(seconds, f'seed {seed}: PSI'):
                demo.train('postpretrain', start='pretrain')
            for variant in VARIANTS:
                with clock(seconds, f'seed {seed}: fine-tuning and test, {variant.title}'):
                    demo.fine_tune(variant)
                rows += ['--row', f'{variant.title}={demo.work_dir(variant.name)}']
        with clock(seconds, 'picture of features'):
            pictures |= draw_features(Demo(args, 0), report)
        with clock(seconds, 'prediction on a clip'):
            pictures |= draw_prediction(Demo(args, 0), report)
        shown = [word for caption, path in pictures.items() for word in ('--picture', f'{caption}={path}')]
        title = ('--title', 'AVF-MAE++ on synthetic faces', '--out', report / 'report.html')
        run_tool('tools/analysis_tools/report.py', *rows, *shown, *title)
    summary = write_summary(args.out, seconds)
    print(f'\n{summary.read_text()}')


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
