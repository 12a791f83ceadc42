"""Show what the model gets: one PNG per clip with its frames and log-mel after sampling and augmentation.

Examples:
  python tools/misc/browse_dataset.py configs/_base_/datasets/single_list.py --out browse
      --cfg-options train_dataloader.dataset.ann_file=LIST train_dataloader.dataset.data_root=FOLDER
  python tools/misc/browse_dataset.py configs/finetune/mafw11/avfmae_b_mafw11.py --out browse
      --loader test_dataloader --cfg-options test_dataloader.dataset.split.held_out=1
"""

import argparse
import os
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from mmengine.config import DictAction
from mmengine.registry import init_default_scope

from mmavf.cli.run import load_config
from mmavf.errors import ClipError, ConfigError, MMAVFError
from mmavf.registry import DATASETS
from mmavf.structures import AVDataSample, SampleKey

HOP_SEC = 0.01


def draw_frames(axis: plt.Axes, video: np.ndarray) -> None:
    """Draw frames (T, H, W, 3) in a row."""
    axis.imshow(np.concatenate(video, axis=1))  # (H, T * W, 3)
    axis.set_axis_off()


def draw_mel(axis: plt.Axes, audio: np.ndarray, window_sec: np.ndarray) -> None:
    """Draw a log-mel (M, F) over the time of the clip."""
    start, end = window_sec
    extent = (start, start + len(audio) * HOP_SEC, 0, audio.shape[1])
    mel = axis.imshow(audio.T, origin='lower', aspect='auto', extent=extent)
    axis.axvline(end, color='white', linestyle='--', linewidth=1)
    axis.set_xlabel(f'seconds; window {start:.2f} to {end:.2f} s (dashed), padding after it')
    axis.set_ylabel('mel bin')
    plt.colorbar(mel, ax=axis, pad=0.01, fraction=0.02)


def draw_clip(inputs: dict, sample: AVDataSample, path: Path) -> None:
    """Write the picture of one item of the data set: frames above log-mel, as far as there are, for each view."""
    heights = [height for key, height in (('video', 1.0), ('audio', 1.6)) if key in inputs]
    views = len(sample.frame_inds)
    fig, axes = plt.subplots(
        len(heights) * views,
        1,
        figsize=(1.25 * sample.frame_inds.shape[1], (1.46 * sum(heights)) * views),
        height_ratios=heights * views,
        layout='constrained',
        squeeze=False,
    )
    label = ''.join(f'  {key[3:]} {sample.get(key).tolist()}' for key in ('gt_label', 'gt_score') if key in sample)
    for view, rows in enumerate(axes[:, 0].reshape(views, -1)):
        if 'video' in inputs:
            draw_frames(rows[0], inputs['video'][view].numpy())
        if 'audio' in inputs:
            draw_mel(rows[-1], inputs['audio'][view].numpy(), sample.window_sec[view])
        frames = f'  frames {sample.frame_inds[view].tolist()}' if 'video' in inputs else ''
        rows[0].set_title(f'{sample.sample_id}{label}  view {view}{frames}', fontsize=9)
    fig.savefig(path, dpi=80)
    plt.close(fig)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config with a data loader')
    parser.add_argument('--out', type=Path, required=True, help='folder of the pictures')
    parser.add_argument('--number', type=int, default=8, help='clips to show, spread over the list (default: 8)')
    parser.add_argument('--seed', type=int, default=0, help='seed of sampling and augmentation (default: 0)')
    parser.add_argument('--loader', default='train_dataloader', help='key of the loader (default: train_dataloader)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, help='config overrides, key=value')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    sys.path.insert(0, os.getcwd())  # for custom_imports: Python puts the script's folder there instead
    plt.switch_backend('Agg')
    init_default_scope('mmavf')
    try:
        config = load_config(args.config, args.cfg_options)
        if args.loader not in config:
            raise ConfigError(f'{args.config} has no {args.loader}; name the loader by --loader')
        dataset_config = config[args.loader].dataset
        for part in dataset_config.get('datasets', [dataset_config]):
            part.on_bad = 'raise'  # a clip that cannot be used is named; no other takes its place
        dataset = DATASETS.build(dataset_config)
        args.out.mkdir(parents=True, exist_ok=True)
        for index in np.unique(np.linspace(0, len(dataset) - 1, args.number).astype(int)).tolist():
            try:
                item = dataset[SampleKey(index=index, seed=args.seed, epoch=0, position=index)]
            except ClipError as error:
                print(f'cannot be used: {error}')
                continue
            name = re.sub(r'[^\w.-]+', '_', Path(item['data_samples'].sample_id).stem)
            path = args.out / f'{index:06d}_{name}.png'
            draw_clip(item['inputs'], item['data_samples'], path)
            print(path)
    except MMAVFError as error:
        raise SystemExit(str(error)) from error


if __name__ == '__main__':
    main()
