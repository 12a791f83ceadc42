"""The jobs of a preparation: find the face of a raw clip, write its frames and sound; write a shard."""

import errno
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import soundfile
import torch

from mmavf.datasets.clip_boundary import ClipBoundary
from mmavf.datasets.media.frame_times import STAMP_SEC
from mmavf.datasets.media.limits import MAX_SOUND_SEC
from mmavf.datasets.media.shard import index_path
from mmavf.errors import ClipError, PreparationError
from mmavf.faces import FaceCropper, FacePart, follow_one_face
from mmavf.registry import PACKS
from mmavf.structures.contracts import check_contract

from .frames import RawFrames
from .outcome import ClipJob, ClipResult, Outcome, ShardJob
from .packs import Pack, write_shard
from .pieces import Span, cut, spans_of_sound, whole_picture
from .raw_clip import RawClip
from .settings import PrepareSettings, source_sha256
from .sound import write_sound

WORK = '.work'
FRAME_FOLDERS = dict(mp4='clips', jpeg='frames', shards='shards')
SOUND_FOLDER = 'audio'
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
WRITER_ERRORS = (soundfile.LibsndfileError,)  # of a written file; on a raw file it is a ClipError
ROOM_BYTES = 1 << 20  # failures with less free space than this are blamed on the disk


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
        """Write the face clips of a raw clip into `folder`, or pieces of its sound if it has nothing else.

        A piece that is too short, or has no usable sound, is left out; if all are, the clip fails.
        """
        clip, longest_sec = job.clip, self._settings.lengths_sec(self._labelled)[1]
        if not clip.video:
            spans = spans_of_sound(self._raw, clip, longest_sec, self._labelled)
            return self._outcomes(job, spans, *self._write_sounds(clip, spans, folder), {})
        frames = RawFrames(self._raw, clip)
        parts, seen = self._find_parts(frames, clip)
        pieces = cut(clip.id, parts, frames.frame_times, longest_sec, self._labelled)
        spans = [piece.span for piece in pieces]
        facts, faults = self._write_sounds(clip, spans, folder)
        usable = [piece for piece in pieces if piece.id in facts]
        stream = frames.iter_frames(
            [i for piece in usable for i in range(piece.first, piece.first + len(piece.places))]
        )
        for piece in usable:
            crops = map(self._cropper.crop, islice(stream, len(piece.places)), piece.places)
            self.pack.write(folder / f'{piece.id}{self.pack.suffix}', crops, piece.times_sec - piece.times_sec[0])
        return self._outcomes(job, spans, facts, faults, seen)

    def _outcomes(
        self,
        job: ClipJob,
        spans: Sequence[Span],
        facts: Mapping[str, dict[str, Any]],
        faults: Mapping[str, ClipError],
        seen: Mapping[str, Any],
    ) -> list[Outcome]:
        """Return the outcome of each span, by its own facts or fault and those of the raw clip."""
        reasons = {name: dict(reason=self._reason(str(error), job.clip)) for name, error in faults.items()}
        made = {name: {**self._files(name, job), **own, **seen} for name, own in facts.items()}
        return [Outcome(id=span.id, raw_id=job.clip.id, **{**reasons, **made}[span.id]) for span in spans]

    def _find_parts(self, frames: RawFrames, clip: RawClip) -> tuple[list[FacePart], dict[str, Any]]:
        """Return the parts of a clip that show its face, and the facts for its outcome."""
        if clip.faces or self._settings.detector == 'none':  # no detection, so that nothing is cut either
            return [whole_picture(frames)], {}
        found = follow_one_face(self._cropper, frames, clip.id, self._settings.choose, self._settings.max_missing)
        facts = dict(parts=len(found.parts), faces_seen=found.faces_seen, missing=round(found.missing, 3))
        return found.parts, facts

    def _write_sounds(
        self, clip: RawClip, spans: Sequence[Span], folder: Path
    ) -> tuple[dict[str, dict[str, Any]], dict[str, ClipError]]:
        """Write the sound of spans of a clip; return their facts, and what is wrong with the others.

        Raises:
            ClipError: Something is wrong with all of them.
        """
        facts, faults = {}, {}
        for span in spans:
            try:
                with self._boundary(clip), disk_failures(self._out):
                    facts[span.id] = self._write_sound(clip, span, folder)
            except ClipError as error:
                faults[span.id] = error
        if not facts:
            raise next(iter(faults.values()))
        return facts, faults

    def _write_sound(self, clip: RawClip, span: Span, folder: Path) -> dict[str, Any]:
        """Write the sound of a span; return the facts for its outcome."""
        _, start_sec, end_sec, frames = span
        path, shortest_sec = self._raw / (clip.video or clip.audio or ''), self._settings.lengths_sec(self._labelled)[0]
        if end_sec - start_sec < shortest_sec - STAMP_SEC:
            raise ClipError(f'{path}: {end_sec - start_sec:.2f} s long, shorter than {shortest_sec:g} s')
        if end_sec - start_sec > MAX_SOUND_SEC:
            raise ClipError(
                f'{path}: {end_sec - start_sec:.0f} s long, more than {MAX_SOUND_SEC:g} s: there is a gap in its time '
                'stamps, its frame rate is wrong, or it should be split first'
            )
        facts = dict(start_sec=start_sec, frames=frames, seconds=end_sec - start_sec)
        if self._has_sound(clip):
            facts |= write_sound(
                self._raw, clip, start_sec, end_sec, folder / f'{span.id}.wav', self._settings.audio_channel
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
        frames = dict(video=f'{folder}/{clip_id}{self.pack.suffix}') if job.clip.video else {}
        return {**frames, **sound}

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
