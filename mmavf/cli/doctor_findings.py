"""Findings of `mmavf doctor` about a machine, its libraries, lists, and the speed at which it reads clips."""

import os
import platform
import shutil
from argparse import Namespace
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Literal, NamedTuple

import av
import numpy as np
import torch
from mmengine.config import Config

from mmavf.apis.inference import AVFInferencer
from mmavf.apis.inference.prediction_speed import measure_prediction
from mmavf.cli.protocol_options import merge_protocol_options
from mmavf.datasets import AVClipDataset, ConcatClipDataset
from mmavf.datasets.read_speed import Reading, clip_files, drop_from_memory, read_clips
from mmavf.datasets.targets import hold_out_target
from mmavf.engine.config_file import configs_folder, load_config
from mmavf.engine.launch import resolve_loaders
from mmavf.errors import ClipError, MMAVFError
from mmavf.protocol.protocol import LOADERS, apply_protocol, drop_open_split
from mmavf.registry import DATASETS

DECODERS = ('h264', 'hevc', 'mpeg4', 'mpeg1video', 'mjpeg', 'vp9', 'aac', 'mp3', 'opus', 'vorbis', 'pcm_s16le')
ENCODERS = ('libx264', 'aac')
GIB = 2**30
MIN_DISK_GIB = 20  # some checkpoints of the largest model, and logs
SHARED_MEMORY = '/dev/shm'
ERROR, WARNING, OK = 'ERROR', 'WARNING', 'ok'
ClipDataset = AVClipDataset | ConcatClipDataset


class Finding(NamedTuple):
    """What was found about one subject: it stops a run (ERROR), may slow or spoil it (WARNING), or is ok."""

    level: str
    subject: str
    text: str


def read_config(args: Namespace) -> Config:
    """Return the config with the loaders to check; without a fold to hold out, only the training on the whole list."""
    config = load_config(args.config or str(configs_folder() / '_base_/datasets/single_list.py'), args.cfg_options)
    if args.list:
        config.train_dataloader.dataset.update(ann_file=args.list, data_root=args.data_root)
        config.train_dataloader.dataset.pipeline[0].missing_audio = 'silence'
    merge_protocol_options(config, args)
    if drop_open_split(config, args.fold) is None:
        apply_protocol(config, hold_out_target)
    else:
        config.val_dataloader = config.test_dataloader = None
    if args.batch_size:
        config.train_dataloader.batch_size = args.batch_size
    resolve_loaders(config)
    return config


def check_software() -> Iterator[Finding]:
    """Check the media libraries."""
    yield Finding(
        OK, 'software', f'Python {platform.python_version()}, torch {torch.__version__}, PyAV {av.__version__}'
    )
    kinds: dict[Literal['r', 'w'], Sequence[str]] = {'r': DECODERS, 'w': ENCODERS}
    lacking = [f'{name} ({mode})' for mode, names in kinds.items() for name in names if not _has_codec(name, mode)]
    text = f'FFmpeg {av.ffmpeg_version_info}'
    if lacking:
        yield Finding(WARNING, 'codecs', f'{text} lacks {", ".join(lacking)} (r: reading, w: writing)')
    else:
        yield Finding(OK, 'codecs', f'{text} reads {", ".join(DECODERS)} and writes {", ".join(ENCODERS)}')


def _has_codec(name: str, mode: Literal['r', 'w']) -> bool:
    try:
        av.Codec(name, mode)
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def check_machine(work_dir: str) -> Iterator[Finding]:
    """Check GPU, processor, and the disk that the training writes to."""
    gpus = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    names = ', '.join(f'{gpu.name} ({gpu.total_memory / GIB:.0f} GiB)' for gpu in gpus)
    yield Finding(OK, 'GPU', names) if gpus else Finding(WARNING, 'GPU', 'none: training runs on the processor, slowly')
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / GIB
    yield Finding(OK, 'processor', f'{cores()} cores, {memory:.0f} GiB of memory')
    folder = Path(work_dir).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / GIB
    level = OK if free >= MIN_DISK_GIB else WARNING
    yield Finding(level, 'disk', f'{free:.0f} GiB free for {work_dir} ({MIN_DISK_GIB} GiB or more recommended)')
    if not os.access(folder, os.W_OK):
        yield Finding(ERROR, 'disk', f'{folder} is not writable')


def cores() -> int:
    """Return the processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def check_lists(config: Config) -> tuple[list[Finding], ClipDataset | None]:
    """Read the lists and look up every path; also return the training data, None if something is wrong with it."""
    findings, training = [], None
    for name in filter(config.get, LOADERS):
        subject = f'{name.removesuffix("_dataloader")} list'
        try:
            dataset = DATASETS.build(config[name].dataset)
        except MMAVFError as error:
            findings.append(Finding(ERROR, subject, str(error)))
            continue
        findings.append(Finding(OK, subject, f'{len(dataset)} clips, all of their files exist'))
        training = dataset if name == LOADERS[0] else training
    return findings, training


def read_sample(dataset: ClipDataset, count: int) -> tuple[Reading, Reading, int]:
    """Read a sample of the clips, cold and then warm; also return the bytes of one clip's inputs (0: none usable)."""
    for part in getattr(dataset, 'datasets', [dataset]):
        part.on_bad = 'raise'
    indices = np.random.default_rng(0).permutation(len(dataset))[:count].tolist()
    # the first clip of a process also loads libraries
    clip_bytes = next(filter(None, (usable_bytes(dataset, index) for index in indices)), 0)
    infos = map(dataset.get_data_info, indices)
    drop_from_memory(sorted({file for info in infos for file in clip_files(info)}))
    return read_clips(dataset, indices), read_clips(dataset, indices), clip_bytes


def usable_bytes(dataset: ClipDataset, index: int) -> int:
    """Return the bytes of a clip's inputs, 0 if it cannot be used."""
    try:
        return sum(value.nbytes for value in dataset[index]['inputs'].values())
    except ClipError:
        return 0


def check_speed(cold: Reading, warm: Reading, rate: float | None, workers: int) -> Iterator[Finding]:
    """Report the speed at which clips are read, and how many data workers the training therefore needs.

    Args:
        cold: Clips read from storage.
        warm: The same from memory.
        rate: Clips per second that the whole machine has to read; None: unknown.
        workers: Data workers that are configured, of all processes together.
    """
    read = cold.clips + len(cold.faults)
    if cold.faults:
        shown = ''.join(f'\n    {fault}' for fault in cold.faults[:10])
        level = WARNING if cold.clips else ERROR
        count = f'{len(cold.faults)} of {read} clips in the sample cannot be used'
        yield Finding(level, 'clips', f'{count}; a share above max_bad_ratio stops a run:{shown}')
    if not cold.clips:
        return
    # a worker waits for the storage and computes; waiting can be done by more workers than there are cores
    wait_sec, busy_sec = cold.elapsed_sec / read, min(cold.processor_sec, warm.processor_sec) / read
    limit = cores() / busy_sec
    text = f'{1 / wait_sec:.1f} clips/s per worker cold, {1 / busy_sec:.1f} warm; all {cores()} cores: {limit:.0f} warm'
    yield Finding(OK, 'speed', f'{text} (sample of {read} clips)')
    if rate is None:
        yield Finding(OK, 'workers', 'pass --clips-per-sec or --step-sec to learn how many are needed')
        return
    text = (
        f'{rate:.1f} clips/s need {ceil(rate * busy_sec)} workers warm, {ceil(rate * wait_sec)} cold; {workers} are set'
    )
    if rate > limit:
        yield Finding(
            WARNING, 'workers', f'{text}. The {cores()} cores read at most {limit:.0f} clips/s: see docs/data.md'
        )
    else:
        yield Finding(WARNING if workers < ceil(rate * busy_sec) else OK, 'workers', text)


def check_shared_memory(clip_bytes: int, loader: Config, workers: int) -> Finding:
    """Compare the free shared memory, through which workers pass batches, with the size of prefetched batches."""
    needed = workers * (loader.get('prefetch_factor') or 2) * loader.batch_size * clip_bytes / GIB
    free = shutil.disk_usage(SHARED_MEMORY).free / GIB
    text = f'{needed:.2f} GiB for the batches prefetched by {workers} workers, {free:.2f} GiB free in {SHARED_MEMORY}'
    if needed > free:
        return Finding(ERROR, 'shared memory', f'{text}: enlarge it (docker run --shm-size), or use fewer workers')
    return Finding(OK, 'shared memory', text)


def needed_rate(args: Namespace, batch_size: int) -> float | None:
    """Return the clips per second that the training takes, if the command line says so."""
    return args.processes * batch_size / args.step_sec if args.step_sec else args.clips_per_sec


def examine(args: Namespace) -> Iterator[Finding]:
    """Yield all findings, those that take no time first."""
    config = read_config(args)
    loader = config.train_dataloader
    yield from check_software()
    yield from check_machine(args.work_dir or config.get('work_dir') or 'work_dirs')
    findings, dataset = check_lists(config)
    yield from findings
    if dataset is None:
        return
    workers = args.processes * loader.num_workers
    cold, warm, clip_bytes = read_sample(dataset, args.clips)
    yield from check_speed(cold, warm, needed_rate(args, loader.batch_size), workers)
    if cold.clips:
        yield check_shared_memory(clip_bytes, loader, workers)


def examine_prediction(args: Namespace) -> Iterator[Finding]:
    """Yield the findings about a prediction on a recording."""
    yield from check_software()
    yield from check_machine(args.work_dir or 'work_dirs')
    infer = AVFInferencer(args.model)
    try:
        recording = infer.open(args.recording)
        speed = measure_prediction(infer, recording)
    except ClipError as error:
        yield Finding(ERROR, 'recording', str(error))
        return
    parts = dict(decoding=speed.decode, faces=speed.follow, windows=speed.read, model=speed.model) | {
        'sound and log-mel': speed.sound
    }
    shown = ', '.join(f'{name} {1000 * seconds:.0f}' for name, seconds in parts.items())
    yield Finding(OK, 'prediction', f'{1 / speed.whole:.2f} times real time')
    yield Finding(
        OK, 'its parts', f'milliseconds per second of the recording, each by itself: {shown} (faces and windows decode)'
    )
