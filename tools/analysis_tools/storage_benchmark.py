"""The same clips stored in every way: their size, and how fast they are read by one build or by two in turn."""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import soundfile
import torch
from build_benchmark import ROOT, ask, checkout, quartiles, worker
from mmengine.registry import init_default_scope
from pack_worker import READ_STEPS, build

from mmavf.cli.program import UsageError
from mmavf.datasets import AVClipDataset
from mmavf.datasets.media import SAMPLE_RATE_HZ, MediaFile
from mmavf.datasets.read_speed import clip_files, drop_from_memory, read_clips
from mmavf.preparation.packs.jpeg import JpegPack
from mmavf.preparation.packs.mp4 import Mp4Pack
from mmavf.preparation.packs.shards import write_shard
from mmavf.synthetic.builder import build_synthetic_set
from mmavf.synthetic.settings import SyntheticSettings

FPS = 25
WORKER = Path(__file__).with_name('pack_worker.py')


class UsualMp4(Mp4Pack):
    """Mp4 with the defaults of x264 apart from the quality: GOP 250, B-frames, deblocking, CABAC."""

    def __init__(self) -> None:
        super().__init__()
        self._options = dict(crf=self._options['crf'], threads='1')


MP4 = {'mp4, GOP 12': Mp4Pack(), 'mp4, GOP 250': Mp4Pack(gop=250), 'mp4, GOP 250, x264 defaults': UsualMp4()}


def drawn_videos(folder: Path) -> list[Path]:
    """Make videos of drawn faces; return their paths."""
    build_synthetic_set(folder, SyntheticSettings(clips=24, subjects=4, size=160))
    return sorted((folder / 'videos').glob('*.mp4'))


def looped(path: Path, seconds: float, size: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Return seconds * 25 frames (size, size, 3) uint8, forwards and backwards, and the sound (N,) float32."""
    media = MediaFile(str(path))
    frames = media.video.read_frames(range(len(media.video.frame_times)))
    side = min(frames[0].shape[:2])
    top, left = ((length - side) // 2 for length in frames[0].shape[:2])
    frames = [
        cv2.resize(f[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA) for f in frames
    ]
    order = cycle([*range(len(frames)), *reversed(range(len(frames)))])
    sound = media.audio.read_audio(0, media.audio.duration_sec)
    return [frames[next(order)] for _ in range(round(seconds * FPS))], np.resize(sound, round(seconds * SAMPLE_RATE_HZ))


def write_all(
    folder: Path, videos: Sequence[Path], clips: int, seconds: float, size: int
) -> Iterator[tuple[str, Path]]:
    """Write the clips in every way; yield each way's name and list."""
    folders = {name: folder / name.replace(', ', '_').replace(' ', '_') for name in MP4}
    jpeg = folder / 'jpeg'
    for made in (*folders.values(), jpeg, folder / 'audio'):
        made.mkdir()
    for number, path in zip(range(clips), cycle(videos), strict=False):
        frames, sound = looped(path, seconds, size)
        times_sec = np.arange(len(frames)) / FPS
        for name, pack in MP4.items():
            pack.write(folders[name] / f'{number}.mp4', frames, times_sec)
        JpegPack(fps=FPS).write(jpeg / f'{number}', frames, times_sec)
        soundfile.write(folder / f'audio/{number}.wav', sound, SAMPLE_RATE_HZ)
    write_shard(folder / '00000.tar', [(f'{i}', jpeg / f'{i}', folder / f'audio/{i}.wav') for i in range(clips)])
    rows = {name: '{path}/{i}.mp4,audio/{i}.wav,'.replace('{path}', path.name) for name, path in folders.items()}
    rows |= {'JPEG folders': 'jpeg/{i},audio/{i}.wav,25', 'shards of JPEG': '00000.tar/{i},,25'}
    for name, row in rows.items():
        path = folder / f'{name}.csv'
        path.write_text('video,audio,fps\n' + '\n'.join(row.format(i=i) for i in range(clips)) + '\n')
        yield name, path


def clip_bytes(dataset: AVClipDataset) -> float:
    """Return the size of the files per clip, in bytes."""
    files = {file for index in range(len(dataset)) for file in clip_files(dataset.get_data_info(index))}
    return sum(Path(file).stat().st_size for file in files) / len(dataset)


def measure(lists: dict[str, Path], repeats: int) -> dict[str, dict[str, float]]:
    """Return kB per clip and clips per second of each way: reading warm, whole loader warm, reading cold."""
    reading = {name: build(path, READ_STEPS) for name, path in lists.items()}
    loading = {name: build(path, None) for name, path in lists.items()}
    times: dict[str, dict[str, list[float]]] = {name: dict(warm=[], loader=[], cold=[]) for name in lists}
    for turn in range(repeats):
        for name, dataset in reading.items():
            order = np.random.default_rng(turn).permutation(len(dataset)).tolist()
            drop_from_memory([file for index in order for file in clip_files(dataset.get_data_info(index))])
            times[name]['cold'].append(read_clips(dataset, order).elapsed_sec)
            times[name]['warm'].append(read_clips(dataset, order).processor_sec)
            times[name]['loader'].append(read_clips(loading[name], order).processor_sec)
    results = {}
    for name, dataset in reading.items():
        rates = dict(warm=len(dataset) / min(times[name]['warm']), loader=len(dataset) / min(times[name]['loader']))
        rates |= dict(cold=len(dataset) / median(times[name]['cold']))
        results[name] = dict(kB=clip_bytes(dataset) / 1000, **rates)
    return results


def compare(lists: dict[str, Path], builds: tuple[Path, Path], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the quartiles of ms per clip of each build, and of their ratio, by way: reading, and the whole loader.

    Raises:
        UsageError: The builds read different frames or samples.
    """
    job, answers = {name: str(path) for name, path in lists.items()}, ([], [])
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(build, job, WORKER)) for build in builds]
        for turn in range(rounds + 1):
            for side in (0, 1) if turn % 2 else (1, 0):
                answers[side].append(ask(workers[side]))
    if answers[0][0]['digests'] != answers[1][0]['digests']:
        raise UsageError('the builds read different frames or samples')
    results = {}
    for name in lists:
        ms = np.array([[answer['ms'][name] for answer in side[1:]] for side in answers])  # (builds, rounds, 2)
        for place, what in enumerate(('reading', 'loader')):
            mine, other = ms[:, :, place]
            results[f'{name}, {what}'] = dict(
                this_ms=quartiles(mine), other_ms=quartiles(other), ratio=quartiles(other / mine)
            )
    return results


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    if not args.against:
        measure_all(args)
        return
    with checkout(args.against) as other, written(args) as lists:
        for name, figures in compare(lists, (ROOT, other), args.repeats).items():
            print(json.dumps(dict(way=name, against=args.against, **figures)), flush=True)


@contextmanager
def written(args: argparse.Namespace) -> Iterator[dict[str, Path]]:
    """Yield the lists of the clips in a temporary folder, by way of storing."""
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        videos = (
            sorted(p for p in args.media.iterdir() if p.is_file()) if args.media else drawn_videos(folder / 'drawn')
        )
        yield dict(write_all(folder, videos, args.clips, args.seconds, args.size))


def measure_all(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure, print and return size and clips per second by way of storing."""
    init_default_scope('mmavf')
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    with written(args) as lists:
        results = measure(lists, args.repeats)
    print(f'{"":28} {"kB/clip":>8} {"read, warm":>11} {"loader, warm":>13} {"read, cold":>11}   (clips/s)')
    for way, row in results.items():
        print(f'{way:28} {row["kB"]:8.0f} {row["warm"]:11.0f} {row["loader"]:13.0f} {row["cold"]:11.0f}')
    return results
