"""The jobs of a preparation: find the face of a raw clip, write its frames and sound; write a shard."""

import errno
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice, pairwise
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
import soundfile
import torch

from mmavf.datasets.clip_boundary import ClipBoundary
from mmavf.datasets.media.frame_times import STAMP_SEC, usual_interval_sec
from mmavf.datasets.media.limits import MAX_SOUND_SEC
from mmavf.datasets.media.shard import index_path
from mmavf.errors import ClipError, PreparationError
from mmavf.faces import FaceCropper, FacePart, follow_one_face
from mmavf.registry import PACKS
from mmavf.structures.contracts import check_contract

from .frames import RawFrames
from .outcome import ClipJob, ClipResult, Outcome, ShardJob
from .packs import Pack, write_shard
from .raw_clip import RawClip
from .settings import PrepareSettings, source_sha256
from .sound import write_sound

WORK = '.work'
FRAME_FOLDERS = dict(mp4='clips', jpeg='frames', shards='shards')
SOUND_FOLDER = 'audio'
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
WRITER_ERRORS = (soundfile.LibsndfileError,)  # of a written file; on a raw file it is a ClipError
ROOM_BYTES = 1 << 20  # failures with less free space than this are blamed on the disk


class Piece(NamedTuple):
    """A run of frames that becomes a face clip.

    Attributes:
        id: Its id.
        first: Index of its first frame.
        places: (n, 4) places of the face in its n > 0 frames.
        times_sec: (n,) their times.
        interval_sec: Duration of its last frame.
    """

    id: str
    first: int
    places: np.ndarray
    times_sec: np.ndarray
    interval_sec: float


class Preparer:
    """Does the jobs of a preparation; there is one in each process.

    The files of a clip are written below a folder of its own and renamed when all of them are complete.

    Args:
        settings: The settings.
        raw: The raw folder; only read.
        out: The output folder, with the folders of its files.
        work: A folder in `out` for files that are not complete.
        labelled: Whether clips have labels, so that each becomes one face clip; otherwise there may be several.

    Attributes:
        pack: Writes the frames.

    Raises:
        ConfigError: The detector or the pack cannot be built, or lacks a member of its contract.
    """

    def __init__(self, settings: PrepareSettings, raw: Path, out: Path, work: Path, labelled: bool) -> None:
        cv2.setNumThreads(0)  # clips run in parallel instead
        torch.set_num_threads(1)
        av.logging.set_level(None)  # the errors report what FFmpeg logs about broken files
        self._settings, self._raw, self._out, self._work, self._labelled = settings, raw, out, work, labelled
        self._cropper = FaceCropper(**settings.cropper(labelled))
        self.pack: Pack = PACKS.build(settings.pack_config())
        check_contract(self.pack, Pack, 'pack')

    def __call__(self, job: ClipJob | ShardJob) -> ClipResult | None:
        """Do a job; a shard has no result.

        Raises:
            PreparationError: The disk is full, or is no longer writable.
        """
        if isinstance(job, ShardJob):
            with disk_failures(self._out):
                self._write_shard(job)
            return None
        sources = {source: source_sha256(self._raw / source) for source in job.sources}
        try:
            with self._boundary(job.clip), disk_failures(self._out):
                outcomes = self._prepare(job)
        except ClipError as error:
            outcomes = [Outcome(id=job.clip.id, raw_id=job.clip.id, reason=self._reason(str(error), job.clip))]
        return ClipResult([asdict(outcome) for outcome in outcomes], sources)

    def _boundary(self, clip: RawClip) -> ClipBoundary:
        return ClipBoundary(*(str(self._raw / path) for path in (clip.video, clip.audio) if path), f'{clip.id}: ')

    def _reason(self, message: str, clip: RawClip) -> str:
        """Return a message without the leading file or id, and without folders of this machine."""
        for path, kind in ((clip.audio, 'sound: '), (clip.video, '')):
            if path:
                message = re.sub(f'^{re.escape(str(self._raw / path))}(/[^:]*)?: ', kind, message)
        return message.removeprefix(f'{clip.id}: ').replace(f'{self._raw}/', '')

    def _prepare(self, job: ClipJob) -> list[Outcome]:
        folder = self._work / job.clip.id
        shutil.rmtree(folder, ignore_errors=True)  # of a process that died
        folder.mkdir()
        try:
            outcomes = self._write_pieces(job, folder)
            if job.shard is None:
                for outcome in outcomes:
                    self._settle(outcome, folder)
        except BaseException:
            shutil.rmtree(folder)
            raise
        if job.shard is None:
            shutil.rmtree(folder)
        return outcomes

    def _write_pieces(self, job: ClipJob, folder: Path) -> list[Outcome]:
        """Write the face clips of a raw clip into `folder`.

        A piece that is too short, or has no usable sound, is left out; if all are, the clip fails.
        """
        clip = job.clip
        frames = RawFrames(self._raw, clip)
        parts, seen = self._find_parts(frames, clip)
        pieces = cut(clip.id, parts, frames.frame_times, self._settings.lengths_sec(self._labelled)[1], self._labelled)
        facts, faults = {}, {}
        for piece in pieces:
            try:
                with self._boundary(clip), disk_failures(self._out):
                    facts[piece.id] = self._write_sound(clip, piece, folder)
            except ClipError as error:
                faults[piece.id] = error
        if not facts:
            raise next(iter(faults.values()))
        usable = [piece for piece in pieces if piece.id in facts]
        stream = frames.iter_frames(
            [i for piece in usable for i in range(piece.first, piece.first + len(piece.places))]
        )
        for piece in usable:
            crops = map(self._cropper.crop, islice(stream, len(piece.places)), piece.places)
            self.pack.write(folder / f'{piece.id}{self.pack.suffix}', crops, piece.times_sec - piece.times_sec[0])
        reasons = {name: dict(reason=self._reason(str(error), clip)) for name, error in faults.items()}
        made = {name: {**self._files(name, job), **own, **seen} for name, own in facts.items()}
        return [Outcome(id=piece.id, raw_id=clip.id, **{**reasons, **made}[piece.id]) for piece in pieces]

    def _find_parts(self, frames: RawFrames, clip: RawClip) -> tuple[list[FacePart], dict[str, Any]]:
        """Return the parts of a clip that show its face, and the facts for its outcome."""
        if clip.faces or self._settings.detector == 'none':  # no detection, so that nothing is cut either
            return [_whole(frames)], {}
        found = follow_one_face(self._cropper, frames, clip.id, self._settings.choose, self._settings.max_missing)
        facts = dict(parts=len(found.parts), faces_seen=found.faces_seen, missing=round(found.missing, 3))
        return found.parts, facts

    def _write_sound(self, clip: RawClip, piece: Piece, folder: Path) -> dict[str, Any]:
        """Write the sound of a piece; return the facts for its outcome."""
        times_sec, shortest_sec = piece.times_sec, self._settings.lengths_sec(self._labelled)[0]
        start_sec, end_sec = float(times_sec[0]), float(times_sec[-1]) + piece.interval_sec
        if end_sec - start_sec < shortest_sec - STAMP_SEC:
            path = self._raw / clip.video
            raise ClipError(f'{path}: {end_sec - start_sec:.2f} s long, shorter than {shortest_sec:g} s')
        if end_sec - start_sec > MAX_SOUND_SEC:
            raise ClipError(
                f'{self._raw / clip.video}: {end_sec - start_sec:.0f} s long, more than {MAX_SOUND_SEC:g} s: there is '
                'a gap in its time stamps, its frame rate is wrong, or it should be split first'
            )
        facts = dict(start_sec=start_sec, frames=len(times_sec), seconds=end_sec - start_sec)
        if self._has_sound(clip):
            facts |= write_sound(
                self._raw, clip, start_sec, end_sec, folder / f'{piece.id}.wav', self._settings.audio_channel
            )._asdict()
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in facts.items()}

    def _has_sound(self, clip: RawClip) -> bool:
        return self._settings.sound and clip.audio is not None

    def _files(self, clip_id: str, job: ClipJob) -> dict[str, str]:
        """Return the files of a face clip, as the list refers to them."""
        folder = FRAME_FOLDERS[self._settings.pack]
        if job.shard is not None:
            return dict(video=f'{folder}/{shard_name(job.shard)}/{clip_id}')
        sound = dict(audio=f'{SOUND_FOLDER}/{clip_id}.wav') if self._has_sound(job.clip) else {}
        return dict(video=f'{folder}/{clip_id}{self.pack.suffix}', **sound)

    def _settle(self, outcome: Outcome, folder: Path) -> None:
        """Move the files of a face clip to their places."""
        for name in filter(None, (outcome.video, outcome.audio)):
            target = self._out / name
            if target.is_dir():  # of a run that died before it recorded this
                shutil.rmtree(target)
            (folder / target.name).replace(target)

    def _write_shard(self, job: ShardJob) -> None:
        clips = []
        for clip_id, raw_id in job.clips:
            folder = self._work / raw_id
            sound = folder / f'{clip_id}.wav'
            clips.append((clip_id, folder / clip_id, sound if sound.exists() else None))
        made = self._work / shard_name(job.number)
        target = self._out / FRAME_FOLDERS['shards'] / made.name
        write_shard(made, clips)
        index_path(target).unlink(missing_ok=True)  # that of an earlier run must not be beside the new shard
        made.replace(target)
        index_path(made).replace(index_path(target))
        for raw_id in dict.fromkeys(raw_id for _, raw_id in job.clips):
            shutil.rmtree(self._work / raw_id)


def shard_name(number: int) -> str:
    """Return the file name of a shard."""
    return f'{number:05d}.tar'


def cut(clip_id: str, parts: Sequence[FacePart], times_sec: np.ndarray, longest_sec: float, whole: bool) -> list[Piece]:
    """Divide the parts of a raw clip into face clips.

    Args:
        clip_id: Id of the raw clip.
        parts: Its parts with a face, in order.
        times_sec: (N,) times of its frames.
        longest_sec: Longer parts are cut into pieces of equal length.
        whole: Use only the longest part, uncut, with the id of the raw clip; otherwise all, numbered.
    """
    interval_sec = usual_interval_sec(times_sec)
    ends_sec = np.append(times_sec[1:], times_sec[-1] + interval_sec)

    def piece(name: str, part: FacePart, first: int, last: int) -> Piece:
        """Return the frames `first` to `last` of a part, the last excluded."""
        times = times_sec[part.first + first : part.first + last]  # (n,)
        return Piece(name, part.first + first, part.places[first:last], times, interval_sec)

    lengths_sec = [ends_sec[part.last] - times_sec[part.first] for part in parts]
    if whole:
        part = parts[int(np.argmax(lengths_sec))]
        return [piece(clip_id, part, 0, len(part.places))]
    pieces: list[Piece] = []
    for part, length_sec in zip(parts, lengths_sec, strict=True):
        times = times_sec[part.first : part.last + 1]  # (n,)
        number = ceil(length_sec / longest_sec - 1e-6)  # stamps are rounded
        starts = np.searchsorted(times, times[0] + np.arange(number) * length_sec / number - interval_sec / 2)
        # a frame may last longer than a piece: no piece is empty
        for first, last in pairwise(np.unique([*starts, len(times)]).tolist()):
            pieces.append(piece(f'{clip_id}_{len(pieces):03d}', part, first, last))
    return pieces


def _whole(frames: RawFrames) -> FacePart:
    """Return all frames as one part with the largest square in their middle."""
    (width, height), count = frames.size, len(frames.frame_times)
    places = np.tile([width / 2, height / 2, min(width, height), 0.0], (count, 1))  # (N, 4)
    return FacePart(0, count - 1, places, sightings=0)


@contextmanager
def disk_failures(out: Path) -> Iterator[None]:
    """Turn failures of the disk into a PreparationError.

    Args:
        out: Folder on the disk that is written to.

    Raises:
        PreparationError: The disk is full, read-only or gone, or a file on it cannot be written.
    """
    try:
        yield
    except PreparationError:
        raise
    except Exception as error:
        full = shutil.disk_usage(out).free < ROOM_BYTES
        if not full and not _is_of_disk(error, out):
            raise
        reason = 'no space left on the disk' if full else f'cannot be written to ({error})'
        raise PreparationError(f'{out}: {reason}. Fix this and run the command again to continue.') from error


def _is_of_disk(error: Exception, out: Path) -> bool:
    file = getattr(error, 'filename', None)
    below = isinstance(error, OSError) and isinstance(file, str | Path) and Path(file).is_relative_to(out)
    return below or isinstance(error, WRITER_ERRORS) or getattr(error, 'errno', None) in DISK_ERRORS
