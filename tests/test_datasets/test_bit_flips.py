"""One flipped bit in a header costs its clip at most: no other error, no hang, no memory.

Each flip is read in a process of its own kind: with an address space that is bounded, and a deadline for each reading.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ..helpers.forked import ForkedScript
from ..helpers.media import counted_frames, tone, write_folder, write_media, write_wav

DEADLINE_SEC = 10
MEMORY_MIB = 1024

# What the child does: reads file after file as training does, notes what does not go well, and its peak of memory.
CHILD = """
import json, os, resource, signal, sys, time
import torch
torch.set_num_threads(1)
import av, cv2, soundfile
from mmavf.datasets.media import open_sound
from mmavf.datasets.transforms import OpenClip, ReadAudio, ReadFrames, SampleWindow
from mmavf.errors import ClipError
av.logging.set_level(None)

def read(path):
    if path.endswith(('.flac', '.wav')):
        fields, kinds = dict(video_path='', audio_path=path), ('audio',)
    else:
        kinds = ('video',) if os.path.isdir(path) else ('video', 'audio')
        fields = dict(video_path=path, audio_path='')
    for clips in (1, 2):
        clip = OpenClip(modalities=kinds)(dict(fields))
        clip = SampleWindow(clip_len=4, frame_interval=4, test_mode=True, num_clips=clips)(clip)
        if 'video' in kinds:
            clip = ReadFrames()(clip)
        if 'audio' in kinds:
            clip = ReadAudio()(clip)

def too_long(*_):
    raise KeyboardInterrupt

plan = json.load(open(sys.argv[1]))
for job in plan['jobs']:
    read(job['opened'])
signal.signal(signal.SIGALRM, too_long)
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
used = int(open('/proc/self/statm').read().split()[0]) * os.sysconf('SC_PAGE_SIZE')
resource.setrlimit(resource.RLIMIT_AS, (used + (plan['memory_mib'] << 20),) * 2)

def look_at(job, content, bit):
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    with open(job['whole'], 'wb') as file:
        file.write(flipped)
    signal.alarm(plan['deadline_sec'])
    try:
        read(job['opened'])
    except ClipError:
        return ''
    except KeyboardInterrupt:
        return 'hangs'
    except BaseException as error:
        return f'{type(error).__name__}: {error}'[:200]
    finally:
        signal.alarm(0)

for job in plan['jobs']:
    content = open(job['whole'], 'rb').read()
    for bit in job['bits']:
        name = f'{os.path.basename(job["whole"])}, bit {bit}'
        print(json.dumps(dict(name=name)), flush=True)
        fault = look_at(job, content, bit)
        if fault:
            print(json.dumps(dict(name=name, fault=fault)), flush=True)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps(dict(peak_mib=(peak - base) / 1024)))
"""


def faults_of(folder: Path, jobs: list[tuple[Path, Path, list[int]]], deadline_sec: float) -> list[str]:
    """Flip bits one by one and read; return what went wrong other than by a ClipError.

    Args:
        folder: Where the plan may be written.
        jobs: Of each: the file that is flipped, what is opened (it, or the folder that it lies in), the bits.
        deadline_sec: For all together.
    """
    # FFmpeg touches no more of what it asks for than the file fills: what counts is the peak of what is touched. The
    # bound of addresses, far above, only keeps the machine that runs the test safe.
    jobs = [dict(whole=str(whole), opened=str(opened), bits=bits) for whole, opened, bits in jobs]
    plan = folder / 'plan.json'
    plan.write_text(json.dumps(dict(jobs=jobs, deadline_sec=DEADLINE_SEC, memory_mib=6 * MEMORY_MIB)))
    (folder / 'child.py').write_text(CHILD)
    running = ForkedScript(folder / 'child.py', plan)
    try:
        running.communicate(deadline_sec)
        status = running.returncode
    except TimeoutError:  # code of a library that no signal interrupts
        status = 'hangs'
    output, errors = running.communicate()
    notes = [json.loads(line) for line in output.splitlines() if line.startswith('{')]
    faults = [f'{note["name"]}: {note["fault"]}' for note in notes if 'fault' in note]
    if not notes or 'peak_mib' not in notes[-1]:
        return [*faults, f'the process ended ({status}) at {notes[-1:] or "its start"}: {errors[-500:]}']
    if notes[-1]['peak_mib'] > MEMORY_MIB:
        faults.append(f'{notes[-1]["peak_mib"]:.0f} MiB were taken')
    return faults


def _flac(folder: Path) -> tuple[Path, Path]:
    soundfile.write(folder / 'a.flac', tone(3.0), 16000)
    return folder / 'a.flac', folder / 'a.flac'


def _wav(folder: Path) -> tuple[Path, Path]:
    return (write_wav(folder / 'a.wav', tone(3.0)),) * 2


def _bmp(folder: Path) -> tuple[Path, Path]:
    import cv2

    frames = write_folder(folder / 'frames', counted_frames(20))
    for path in sorted(frames.iterdir()):
        cv2.imwrite(str(path.with_suffix('.bmp')), cv2.imread(str(path)))
        path.unlink()
    return sorted(frames.iterdir())[0], frames


def _media(suffix: str, video: str, audio: str):
    def write(folder: Path) -> tuple[Path, Path]:
        path = write_media(
            folder / f'a.{suffix}', counted_frames(50), tone(2.0, rate_hz=44100), rate_hz=44100, codecs=(video, audio)
        )
        return path, path

    return write


# How the file is made, and how many bits of its beginning are flipped.
FILES = {
    'flac': (_flac, 42 * 8),
    'wav': (_wav, 44 * 8),
    'bmp': (_bmp, 60 * 8),
    'mp4': (_media('mp4', 'libx264', 'aac'), 4096 * 8),
    'mpg': (_media('mpg', 'mpeg1video', 'mp2'), 4096 * 8),
    'mkv': (_media('mkv', 'libx264', 'aac'), 4096 * 8),
    'mts': (_media('mts', 'libx264', 'ac3'), 4096 * 8),
    'avi': (_media('avi', 'mpeg4', 'libmp3lame'), 4096 * 8),
}


def _job(folder: Path, kind: str, number: int | None, seed: int) -> tuple[Path, Path, list[int]]:
    """Make the file of a kind, and draw `number` of the bits of its header (None: all)."""
    write, count = FILES[kind]
    (folder / kind).mkdir()
    whole, opened = write(folder / kind)
    first, last = 0, min(count, whole.stat().st_size * 8)
    if kind == 'mp4':  # its header lies at the end
        first, last = whole.read_bytes().index(b'moov') * 8, whole.stat().st_size * 8
    bits = np.arange(first, last)
    return whole, opened, (bits if number is None else np.random.default_rng(seed).choice(bits, number)).tolist()


@pytest.mark.slow
@pytest.mark.parametrize('kind', FILES)
def test_no_flipped_bit_of_a_header_does_more_than_cost_its_clip(tmp_path, kind):
    job = _job(tmp_path, kind, None if kind in ('flac', 'wav', 'bmp') else 100, seed=0)
    assert faults_of(tmp_path, [job], deadline_sec=1200) == []


def test_a_sample_of_flipped_bits_costs_clips_alone(tmp_path):
    jobs = [_job(tmp_path, kind, 6, seed=1) for kind in FILES]
    assert faults_of(tmp_path, jobs, deadline_sec=120) == []


@pytest.mark.slow
def test_a_process_that_does_not_end_well_is_told(tmp_path):
    whole, _, bits = _job(tmp_path, 'wav', 3, seed=0)
    (fault,) = faults_of(tmp_path, [(whole, tmp_path / 'missing.wav', bits)], deadline_sec=60)
    assert 'the process ended (1) at its start' in fault and 'ClipError' in fault
