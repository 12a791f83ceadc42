"""Clips per second and core of the data loader, next to bare decoding of the same frames and sound.

    python tools/analysis_tools/benchmark.py --loader

Without --ann-file it makes its media: drawn faces, as mp4 files (160 px, H.264 and AAC) and the same clips as folders
of JPEG frames with wav files. Figures are processor time of one process: they do not depend on what else runs.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import soundfile
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmavf.datasets import AVClipDataset
from mmavf.datasets.media import SAMPLE_RATE_HZ, MediaFile
from mmavf.datasets.read_speed import best_seconds
from mmavf.registry import DATASETS, TRANSFORMS
from mmavf.structures import SampleKey
from mmavf.synthetic.builder import build_synthetic_set
from mmavf.synthetic.settings import SyntheticSettings

CONFIG = Path(__file__).parents[2] / 'configs/_base_/datasets/single_list.py'


def make_media(folder: Path, clips: int, size: int) -> dict[str, Path]:
    """Make the clips in both forms; return the path of each list by form."""
    videos, frames = folder / 'mp4', folder / 'JPEG folders and wav'
    settings = SyntheticSettings(clips=clips, subjects=4, size=size)
    build_synthetic_set(videos, settings)
    rows = []
    for path in sorted((videos / 'videos').glob('*.mp4')):
        media = MediaFile(str(path))
        (frames / path.stem).mkdir(parents=True)
        for number, image in enumerate(media.video.read_frames(range(len(media.video.frame_times)))):
            cv2.imwrite(str(frames / path.stem / f'{number:05d}.jpg'), image[..., ::-1])
        soundfile.write(
            frames / f'{path.stem}.wav', media.audio.read_audio(0, media.audio.duration_sec), SAMPLE_RATE_HZ
        )
        rows.append(f'{path.stem},{path.stem}.wav,25\n')
    (frames / 'list.csv').write_text('video,audio,fps\n' + ''.join(rows))
    return {'mp4': videos / 'lists/pretrain.csv', 'JPEG folders and wav': frames / 'list.csv'}


def measure(dataset: AVClipDataset, repeats: int) -> dict[str, float]:
    """Return clips per second: whole loader, bare decoding of its frames, and of its frames and sound."""
    keys = [SampleKey(index, 0, 0, index) for index in range(len(dataset))]
    chosen = [dataset[key]['data_samples'] for key in keys]
    opener = TRANSFORMS.build(dict(type='OpenClip'))

    def decode(with_sound: bool) -> None:
        """Read what the loader reads, without its transforms."""
        for sample in chosen:
            clip = opener(dataset.get_data_info(sample.index))
            clip['video_reader'].read_frames(sample.frame_inds.ravel().tolist())
            if with_sound:
                for start, end in sample.window_sec:
                    clip['audio_reader'].read_audio(start, end)

    def load() -> None:
        """Take each clip once."""
        for key in keys:
            dataset[key]

    return {
        'loader': len(keys) / best_seconds(load, repeats),
        'frames': len(keys) / best_seconds(lambda: decode(False), repeats),
        'frames and sound': len(keys) / best_seconds(lambda: decode(True), repeats),
    }


def report(name: str, rates: dict[str, float]) -> None:
    """Print one line per rate and the loader's overhead over bare decoding."""
    print(f'{name}: {rates["loader"]:.1f} clips/s per core')
    for what in ('frames and sound', 'frames'):
        overhead = rates[what] / rates['loader'] - 1
        print(f'    bare decoding of the same {what}: {rates[what]:.1f} clips/s; loader takes {overhead:.0%} more time')


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    measure_all(args)


def measure_all(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure, print and return clips per second by kind of media."""
    init_default_scope('mmavf')
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    np.random.seed(0)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        if args.ann_file:
            lists = {args.ann_file: (args.ann_file, args.data_root)}
        else:
            made = make_media(Path(folder), args.clips, args.size)
            lists = {name: (str(path), str(Path(folder) / name)) for name, path in made.items()}
        for name, (ann_file, data_root) in lists.items():
            config = Config.fromfile(CONFIG).train_dataloader.dataset
            config.update(ann_file=ann_file, data_root=data_root, on_bad='raise')
            results[name] = measure(DATASETS.build(config), args.repeats)
            report(name, results[name])
    return results
