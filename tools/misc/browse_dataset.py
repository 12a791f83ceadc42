"""Show what the model gets: one PNG per clip with its frames and log-mel after sampling and augmentation.

Example: python tools/misc/browse_dataset.py configs/_base_/datasets/single_list.py --out browse
    --cfg-options train_dataloader.dataset.ann_file=LIST train_dataloader.dataset.data_root=FOLDER
"""

import argparse
import os
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope

from mmavf.errors import MMAVFError
from mmavf.registry import DATASETS
from mmavf.structures import AVDataSample, SampleKey

HOP_SEC = 0.01


def draw_view(axes: np.ndarray, video: np.ndarray, audio: np.ndarray, window_sec: np.ndarray) -> None:
    """Draw one view: frames (T, H, W, 3) in a row above its log-mel (M, F), both over the time of the clip."""
    start, end = window_sec
    axes[0].imshow(np.concatenate(video, axis=1))  # (H, T * W, 3)
    axes[0].set_axis_off()
    mel = axes[1].imshow(
        audio.T, origin='lower', aspect='auto', extent=(start, start + len(audio) * HOP_SEC, 0, audio.shape[1])
    )
    axes[1].axvline(end, color='white', linestyle='--', linewidth=1)
    axes[1].set_xlabel(f'seconds; window {start:.2f} to {end:.2f} s (dashed), padding after it')
    axes[1].set_ylabel('mel bin')
    plt.colorbar(mel, ax=axes[1], pad=0.01, fraction=0.02)


def draw_clip(inputs: dict, sample: AVDataSample, path: Path) -> None:
    """Write the picture of one item of the data set, a pair of rows per view."""
    views, length = inputs['video'].shape[:2]
    fig, axes = plt.subplots(
        2 * views, 1, figsize=(1.25 * length, 3.8 * views), height_ratios=[1, 1.6] * views, layout='constrained'
    )
    for view in range(views):
        rows = axes[2 * view : 2 * view + 2]
        draw_view(rows, inputs['video'][view].numpy(), inputs['audio'][view].numpy(), sample.window_sec[view])
        rows[0].set_title(f'{sample.sample_id}  view {view}  frames {sample.frame_inds[view].tolist()}', fontsize=9)
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
    config = Config.fromfile(args.config)
    config.merge_from_dict(args.cfg_options)
    if args.loader not in config:
        raise SystemExit(f'{args.config} has no {args.loader}; name the loader by --loader')
    init_default_scope('mmavf')
    try:
        dataset = DATASETS.build(config[args.loader].dataset)
        args.out.mkdir(parents=True, exist_ok=True)
        for index in np.unique(np.linspace(0, len(dataset) - 1, args.number).astype(int)).tolist():
            item = dataset[SampleKey(index=index, seed=args.seed, epoch=0, position=index)]
            name = re.sub(r'[^\w.-]+', '_', Path(item['data_samples'].sample_id).stem)
            path = args.out / f'{index:06d}_{name}.png'
            draw_clip(item['inputs'], item['data_samples'], path)
            print(path)
    except MMAVFError as error:
        raise SystemExit(str(error)) from error


if __name__ == '__main__':
    main()
