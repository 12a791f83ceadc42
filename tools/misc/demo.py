"""Make the synthetic set, pre-train a tiny AVF-MAE++ on it, and show the results in demo/report."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import torch
from mmengine.config import Config

import mmavf.models  # noqa: F401  (registers what configs name)
from mmavf.datasets.synthetic import SyntheticSettings, build_synthetic_set
from mmavf.errors import MMAVFError
from mmavf.registry import MODELS

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/demo/avfmae_tiny_pretrain.py'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=ROOT / 'demo', help='folder of data, training and report')
    parser.add_argument('--clips', type=int, default=240, help='clips of the synthetic set')
    parser.add_argument('--epochs', type=int, help='epochs of training (default: what the config says)')
    return parser.parse_args()


def run_tool(*words: str | Path) -> None:
    """Run one of the project's tools; end the demo where it fails."""
    print(f'\n$ python {" ".join(str(word) for word in words)}', flush=True)
    done = subprocess.run([sys.executable, *map(str, words)], cwd=ROOT)
    if done.returncode:
        raise SystemExit(f'The demo stops: {words[0]} ended with exit status {done.returncode}.')


def train(out: Path, epochs: int | None) -> Path:
    """Pre-train on the synthetic set; return the last checkpoint."""
    work_dir = out / 'work_dir'
    shutil.rmtree(work_dir, ignore_errors=True)
    # relative, because MMEngine takes spaces out of what follows --cfg-options
    options = [f'train_dataloader.dataset.data_root={os.path.relpath(out / "data", ROOT)}']
    options += ['train_dataloader.dataset.ann_file=lists/pretrain.csv']
    options += [f'train_cfg.max_epochs={epochs}'] if epochs else []
    run_tool('tools/train.py', CONFIG, '--work-dir', work_dir, '--cfg-options', *options)
    return Path((work_dir / 'last_checkpoint').read_text().strip())


def logged_steps(work_dir: Path) -> list[dict]:
    """Return what the training logged, one dict per logged step."""
    scalars = next(work_dir.glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for line in scalars.read_text().splitlines()]
    return [row for row in rows if 'loss' in row]


def write_summary(out: Path, settings: SyntheticSettings, checkpoint: Path, seconds: dict[str, float]) -> Path:
    """Write demo/report/summary.md: figures of the run, and where everything is."""
    steps = logged_steps(out / 'work_dir')
    with torch.device('meta'):
        model = MODELS.build(Config.fromfile(str(ROOT / CONFIG)).model)
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    first, last = steps[0], steps[-1]
    terms = [name for name in first if 'loss' in name]
    rows = ''.join(f'| {name} | {first[name]:.4f} | {last[name]:.4f} |\n' for name in terms)
    speed = sum(step['clips_per_sec'] for step in steps) / len(steps)
    times = ''.join(f'- {what}: {took:.0f} s\n' for what, took in seconds.items())
    summary = out / 'report/summary.md'
    summary.write_text(f"""# Demo: a tiny AVF-MAE++ pre-trained on synthetic clips

{settings.clips} clips of {settings.subjects} drawn subjects that speak; no label is used. The model hides 90 % of the
video patches and 81 % of the log-mel patches and learns to predict them.

![loss](loss_curve.png)

| loss | step {first['step']} | step {last['step']} |
|---|---|---|
{rows}
![reconstruction](reconstruction.png)

- Parameters: {millions:.1f} M
- Speed: {speed:.1f} clips/s on {len(os.sched_getaffinity(0))} processor cores
{times}
| what | where |
|---|---|
| clips, lists, classes | `{out / 'data'}` |
| log, TensorBoard, checkpoints | `{out / 'work_dir'}` |
| last checkpoint | `{checkpoint}` |
| loss curve | `{out / 'report/loss_curve.png'}` |
| reconstruction sheet | `{out / 'report/reconstruction.png'}` |
| this summary | `{summary}` |
""")
    return summary


def main() -> None:
    args = parse_args()
    out, seconds = args.out.resolve(), {}
    settings = SyntheticSettings(clips=args.clips)

    def clock(what: str, since: float) -> None:
        seconds[what] = time.monotonic() - since

    start = time.monotonic()
    try:
        build_synthetic_set(out / 'data', settings, workers=len(os.sched_getaffinity(0)))
    except MMAVFError as error:
        raise SystemExit(str(error)) from error
    clock('synthetic set', start)
    begin = time.monotonic()
    checkpoint = train(out, args.epochs)
    clock('training', begin)
    begin = time.monotonic()
    report = out / 'report'
    report.mkdir(exist_ok=True)
    shutil.copy(out / 'work_dir/loss_curve.png', report)
    clips = ('--list', 'lists/val.csv', '--data-root', out / 'data')
    run_tool('tools/visualizations/vis_reconstruction.py', CONFIG, checkpoint, *clips, '--out', report)
    clock('pictures', begin)
    clock('all', start)
    summary = write_summary(out, settings, checkpoint, seconds)
    print(f'\n{summary.read_text()}\nOpen {summary} to see the pictures.')


if __name__ == '__main__':
    main()
