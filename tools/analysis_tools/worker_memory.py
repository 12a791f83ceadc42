"""Mixed media for the data loader, and the memory that each of its workers has for itself while it reads them."""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import soundfile
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

from mmavf.datasets import AVClipDataset
from mmavf.engine.allocator import keep_freed_memory
from mmavf.registry import DATASETS
from mmavf.structures import SampleKey

CONFIG = Path(__file__).parents[2] / 'configs/_base_/datasets/single_list.py'
VIDEOS = {  # suffix: codecs of video and sound, sampling rate
    'mp4': ('libx264', 'aac', 44100),
    'avi': ('mpeg4', 'mp3', 44100),
    'mpg': ('mpeg2video', 'mp2', 48000),
    'webm': ('libvpx', 'libopus', 48000),
}
FPS, SECONDS, SIZE = 25, 5, 160


def write_video(path: Path, rng: np.random.Generator) -> None:
    """Write a video of moving noise with a tone, unless this FFmpeg lacks an encoder for it."""
    codec, sound_codec, rate_hz = VIDEOS[path.suffix[1:]]
    if not {codec, sound_codec} <= av.codecs_available:
        return
    with av.open(str(path), 'w') as out:
        video, audio = out.add_stream(codec, rate=FPS), out.add_stream(sound_codec, rate=rate_hz, layout='mono')
        video.width = video.height = SIZE
        video.pix_fmt, video.gop_size = 'yuv420p', 12
        for picture in pictures(rng):
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        out.mux(video.encode(None))
        samples = tone(rate_hz)[None]
        form = audio.codec_context.codec.audio_formats[0].name
        frame = av.AudioFrame.from_ndarray(samples, format='fltp', layout='mono')
        frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), 0
        size = audio.codec_context.frame_size or None
        resampler = av.AudioResampler(format=form, layout='mono', rate=rate_hz, frame_size=size)
        for block in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(audio.encode(block))
        out.mux(audio.encode(None))


def pictures(rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield (SIZE, SIZE, 3) uint8 frames of moving noise."""
    base = cv2.resize(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), (SIZE, SIZE))
    yield from (np.roll(base, 2 * i, axis=1) for i in range(FPS * SECONDS))


def tone(rate_hz: int) -> np.ndarray:
    """Return a quiet tone, (N,) float32."""
    return (0.1 * np.sin(2 * np.pi * 220 * np.arange(rate_hz * SECONDS) / rate_hz)).astype(np.float32)


def make_media(folder: Path, copies: int) -> Path:
    """Make the media; return the path of their list."""
    rows = []
    for number in range(copies):
        rng = np.random.default_rng(number)
        for suffix in VIDEOS:
            path = folder / f'{number}.{suffix}'
            write_video(path, rng)
            if path.exists():
                rows.append((path.name, ''))
        images = folder / f'{number}_images'
        images.mkdir()
        for i, picture in enumerate(pictures(rng)):
            cv2.imwrite(str(images / f'{i:04d}.jpg'), picture)
        for suffix, rate_hz in (('wav', 16000), ('flac', 44100)):
            soundfile.write(folder / f'{number}.{suffix}', tone(rate_hz), rate_hz)
            rows.append((images.name, f'{number}.{suffix}'))
        rows.append((f'{number}.mp4', f'{number}.wav'))
    (folder / 'bad.mp4').write_bytes(b'no media' * 100)
    rows.append(('bad.mp4', ''))
    path = folder / 'list.csv'
    path.write_text('video,audio\n' + ''.join(f'{video},{audio}\n' for video, audio in rows))
    return path


class EndlessKeys:
    """Sample keys of endless epochs."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __iter__(self) -> Iterator[SampleKey]:
        epoch = 0
        while True:
            order = np.random.default_rng(epoch).permutation(self._length).tolist()
            yield from (SampleKey(index, 0, epoch, place) for place, index in enumerate(order))
            epoch += 1


def private_mib(pid: int) -> float:
    """Return the memory in MiB that a process shares with no other."""
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith('Private_')) / 1024


def slope(minutes: Sequence[float], mib: Sequence[float]) -> float:
    """Return the growth in MiB a minute over the last half of the samples, by least squares."""
    half = len(minutes) // 2
    return float(np.polyfit(minutes[half:], mib[half:], 1)[0])


def watch(dataset: AVClipDataset, args: argparse.Namespace) -> list[float]:
    """Load batches for a time and print the memory of each worker; return the slope of each."""
    loader = DataLoader(
        dataset, 8, sampler=EndlessKeys(len(dataset)), num_workers=args.workers, collate_fn=default_collate
    )
    batches = iter(loader)
    pids = [worker.pid for worker in batches._workers]
    begin = last = time.monotonic()
    samples = []
    for count, _ in enumerate(batches, start=1):
        now = time.monotonic()
        if now - last >= args.every:
            last = now
            samples.append([(now - begin) / 60, *map(private_mib, pids)])
            note = dict(minute=round(samples[-1][0], 2), batches=count, mib=[round(m, 1) for m in samples[-1][1:]])
            print(json.dumps(note), flush=True)
        if now - begin > args.minutes * 60:
            break
    minutes, *memory = zip(*samples, strict=True)
    return [slope(minutes, own) for own in memory]


def run(args: argparse.Namespace) -> None:
    """Make the media, watch the workers, print their growth."""
    init_default_scope('mmavf')
    keep_freed_memory()  # as a run does
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        ann_file = make_media(Path(folder), args.copies)
        config = Config.fromfile(CONFIG).train_dataloader.dataset
        config.update(ann_file=str(ann_file), data_root=folder, on_bad='skip', max_bad_ratio=1.0)
        grown = watch(DATASETS.build(config), args)
    print(f'growth over the last half, MiB a minute, by worker: {", ".join(f"{value:.3f}" for value in grown)}')
