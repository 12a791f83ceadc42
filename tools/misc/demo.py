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
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.cli.main import main
from mmavf.cli.program import run_program
from mmavf.errors import ConfigError, MMAVFError
from mmavf.synthetic.settings import SyntheticSettings

if TYPE_CHECKING:  # what loads PyTorch is imported where it is used, so that --help answers at once
    from mmavf.experiments.ablation_runs import AblationRuns, VariantRuns

ROOT = Path(__file__).resolve().parents[2]
MARK = '.made_by_demo'  # in folders of the demo, which it may remove
STAGES = ('pretrain', 'postpretrain', 'finetune')
SETS = dict(
    target=SyntheticSettings(clips=96, subjects=16, seed=1),
    hybrid_a=SyntheticSettings(clips=600, subjects=100, seed=0),
    hybrid_b=SyntheticSettings(clips=240, subjects=40, seed=2),
)
HYBRIDS = ('hybrid_a', 'hybrid_b')
PRETRAINING = ROOT / 'configs/demo/avfmae_tiny_pretrain.py'
ABLATION = ROOT / 'projects/ablations/demo.yml'
TITLES = {
    'scratch': 'from scratch',
    'pre-trained': 'pre-trained',
    'pre-trained-psi': 'pre-trained + PSI',
    'video-only': 'pre-trained + PSI, video only',
    'audio-only': 'pre-trained + PSI, audio only',
}
MAIN = 'pre-trained-psi'  # whose features and prediction are drawn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument('--out', type=Path, default=ROOT / 'demo', help='folder of data, runs and report')
    parser.add_argument('--folds', default='1,2', help='folds of the target set to test on: 1,2 (default) or all')
    parser.add_argument('--seeds', type=int, default=1, help='number of runs of all stages, each with another seed')
    parser.add_argument(
        '--resume', action='store_true', help='continue the runs that are there instead of starting new ones'
    )
    for stage in STAGES:
        parser.add_argument(f'--{stage}-epochs', type=int, help='epochs of this stage (default: as in the config)')


def plan(args: argparse.Namespace) -> 'AblationRuns':
    """Plan all trainings and tests: those of the ablation file, on the sets and for the epochs of this demo."""
    from mmavf.cli.commands.cross_validate import chosen_folds
    from mmavf.experiments.ablation_configs import check_ablation
    from mmavf.experiments.ablation_file import read_ablation
    from mmavf.experiments.ablation_runs import AblationRuns

    target = os.path.relpath(args.out / 'target', ROOT)
    options = {f'{part}_dataloader.dataset.data_root': target for part in ('train', 'val', 'test')}
    options |= epochs(args, 'finetune')
    ablation = read_ablation(ABLATION)
    variants = []
    for variant in ablation.variants:
        stages = tuple(replace(stage, options=stage_options(args, stage.name)) for stage in variant.stages)
        variants.append(replace(variant, options=variant.options | options, stages=stages))
    ablation = replace(ablation, variants=tuple(variants), seeds=tuple(range(args.seeds)))
    known = check_ablation(ablation)
    folds = known if args.folds == 'all' else chosen_folds(args.folds, known)
    return AblationRuns(ablation, folds, args.out / 'runs', [None, None])


def stage_options(args: argparse.Namespace, stage: str) -> dict[str, Any]:
    """Return what the demo overrides in a stage's config."""
    data = {name: os.path.relpath(args.out / name, ROOT) for name in SETS}
    if stage == 'pretrain':
        return {'train_dataloader.dataset.data_root': data['hybrid_a']} | epochs(args, 'pretrain')
    return {
        'train_dataloader.dataset.datasets.0.data_root': data['hybrid_a'],
        'train_dataloader.dataset.datasets.1.data_root': data['hybrid_b'],
        'train_dataloader.dataset.held_out.0.data_root': data['target'],
        **epochs(args, 'postpretrain'),
    }


def epochs(args: argparse.Namespace, stage: str) -> dict[str, int]:
    """Return the override of a stage's epochs, if there is one."""
    number = getattr(args, f'{stage}_epochs')
    return {} if number is None else {'train_cfg.max_epochs': number}


def run_all(runs: 'AblationRuns') -> None:
    """Run whatever is not finished.

    Raises:
        MMAVFError: A run failed.
    """
    os.environ['OMP_NUM_THREADS'] = '1'  # a second thread gains nothing at this width, and keeps the core from a loader
    runs.prepare()
    if failed := runs.run(lambda line: print(line, flush=True)):
        raise MMAVFError('The demo stops: ' + '; '.join(f'{name}: {why}' for name, why in failed.items()))
    runs.results(failed)


def run_tool(*words: str | Path) -> None:
    """Run one of the project's commands, in this process, which has loaded PyTorch already.

    Raises:
        KeyboardInterrupt: It was stopped.
        MMAVFError: It failed.
    """
    print(f'\n$ mmavf {" ".join(str(word) for word in words)}', flush=True)
    status = main([str(word) for word in words])
    if status > 128:
        raise KeyboardInterrupt
    if status:
        raise MMAVFError(f'The demo stops: mmavf {words[0]} ended with exit status {status}.')


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


def claim_all(out: Path, resume: bool) -> None:
    """Make the folders of report and runs; those of earlier runs of the demo are emptied unless `resume`."""
    runs = out / 'runs'
    if runs.exists() and not runs.is_dir():
        raise ConfigError(f'{runs} is a file, and the demo needs a folder there: choose another --out.')
    claim(out / 'report', anew=False)
    for name in ('stages', *TITLES):
        claim(runs / name, anew=not resume)


def make_set(out: Path, name: str) -> None:
    """Make a synthetic set, or complete it."""
    from mmavf.synthetic.builder import build_synthetic_set

    print(f'\nDrawing {out / name}', flush=True)
    build_synthetic_set(out / name, SETS[name], workers=len(os.sched_getaffinity(0)))


def draw_clips(args: argparse.Namespace, report: Path) -> dict[str, Path]:
    """Draw a clip as the model gets it; return the picture by caption."""
    data = f'train_dataloader.dataset.data_root={args.out / "target"}'
    folder = report / 'clips'
    run_tool('browse', PRETRAINING, '--number', '1', '--out', folder, '--cfg-options', data)
    return {'A drawn clip as the model gets it: frames and log-mel': next(folder.glob('*.png'))}


def first_runs(runs: 'AblationRuns', variant: str) -> 'tuple[VariantRuns, str]':
    """Return the runs of a variant for the first seed, and the first fold."""
    return next(planned for planned in runs.variants if planned.variant.name == variant), runs.folds[0]


def draw_pretraining(args: argparse.Namespace, runs: 'AblationRuns', report: Path) -> dict[str, Path]:
    """Draw reconstructions and the pre-training loss; return the pictures by caption."""
    planned, fold = first_runs(runs, 'pre-trained')
    stage = planned.starts[fold]
    clips = ('--list', 'lists/val.csv', '--data-root', args.out / 'hybrid_a', '--out', report)
    run_tool('vis-reconstruction', stage.folder / 'stage_config.py', stage.load_from, *clips)
    shutil.copy(stage.folder / 'loss_curve.png', report / 'loss_curve.png')
    return {
        'Pre-training: what hidden patches look like, as the model predicts them': report / 'reconstruction.png',
        'Pre-training: loss': report / 'loss_curve.png',
    }


def draw_features(runs: 'AblationRuns', report: Path) -> dict[str, Path]:
    """Draw the first fold's features; return the picture by caption."""
    planned, fold = first_runs(runs, MAIN)
    run_tool('vis-tsne', planned.runs.config, checkpoint(planned, fold), '--fold', fold, '--out', report / 'tsne.png')
    caption = f'Fused features of unseen people (fold {fold}, {TITLES[MAIN]}), t-SNE, coloured by emotion'
    return {caption: report / 'tsne.png'}


def draw_prediction(args: argparse.Namespace, runs: 'AblationRuns', report: Path) -> dict[str, Path]:
    """Predict over time on a clip of a person held out in the first fold; return the picture by caption."""
    planned, fold = first_runs(runs, MAIN)
    with open(args.out / 'target/lists/all.csv', newline='') as file:
        row = next(row for row in csv.DictReader(file) if row['fold'] == fold)
    clip = args.out / 'target' / row['video']
    model = ('--config', planned.runs.config, '--checkpoint', checkpoint(planned, fold))
    # the clips of the demo show a face and nothing else
    options = ('--detector', 'none', '--hop', '0.32', '--out', report / 'prediction', '--again')
    run_tool('predict', clip, *model, *options)
    caption = f'A prediction over time, of a person not seen in training, who plays {row["label"]}'
    return {caption: report / f'prediction/{clip.stem}.png'}


def checkpoint(planned: 'VariantRuns', fold: str) -> Path:
    """Return the last checkpoint of a fold."""
    return Path((planned.runs.folder(fold) / 'last_checkpoint').read_text().strip())


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
    os.chdir(ROOT)  # paths in configs are relative to it
    report, seconds = args.out / 'report', {}
    claim_all(args.out, args.resume)
    with clock(seconds, 'all'):
        with clock(seconds, 'synthetic sets'):
            make_set(args.out, 'target')
            pictures = draw_clips(args, report)
            for name in HYBRIDS:
                make_set(args.out, name)
        runs = plan(args)
        with clock(seconds, 'training and tests'):
            run_all(runs)
        with clock(seconds, 'pictures'):
            pictures |= draw_pretraining(args, runs, report) | draw_features(runs, report)
            pictures |= draw_prediction(args, runs, report)
        shown = [word for caption, path in pictures.items() for word in ('--picture', f'{caption}={path}')]
        rows = [
            word
            for planned in runs.variants
            for word in ('--row', f'{TITLES[planned.variant.name]}={planned.runs.work_dir}')
        ]
        run_tool('report', *rows, *shown, '--title', 'AVF-MAE++ on synthetic faces', '--out', report / 'report.html')
    summary = write_summary(args.out, seconds)
    print(f'\n{summary.read_text()}')


if __name__ == '__main__':
    sys.exit(run_program(__doc__, add_arguments, run))
