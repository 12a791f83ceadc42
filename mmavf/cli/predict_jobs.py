"""Prediction on many recordings: each whole or not at all, the finished ones once only."""

import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from mmavf.apis.inference import AVFInferencer, Recording
from mmavf.apis.inference.recording import with_all_that_can_be_read
from mmavf.errors import ClipError, MissingModalityError, MMAVFError, ResultError
from mmavf.timeline import Timeline, read_json, write_csv, write_json
from mmavf.timeline.elan import write_eaf
from mmavf.timeline.subtitles import write_srt
from mmavf.visualization.timeline_overlay import write_overlay
from mmavf.visualization.timeline_picture import draw_timeline

from .predict_progress import PredictProgress
from .recording_file import describe_file, is_same_file, is_unchanged
from .recordings import OVERLAY, Job

SHOWN = 3  # answers in a line

Status: TypeAlias = Literal['done', 'found finished', 'refused', 'failed']


@dataclass(frozen=True)
class JobResult:
    """What became of a recording: its status, and a sentence: the answer, or why there is none."""

    job: Job
    status: Status
    text: str


def run_jobs(infer: AVFInferencer, jobs: list[Job], args: Namespace) -> list[JobResult]:
    """Predict on all recordings; go on after one that cannot be used.

    Raises:
        OSError: Results cannot be written.
    """
    outcomes = []
    with PredictProgress(len(jobs)) as progress:
        for job in jobs:
            progress.begin(job.path)
            outcomes.append(_run_job(infer, job, args, progress))
            progress.end(outcomes[-1].text)
    return outcomes


def is_finished(job: Job, infer: AVFInferencer, args: Namespace) -> bool:
    """Whether a recording, as it is now, has all wanted results of this model and these settings.

    Raises:
        ResultError: Those of another recording are there.
    """
    path = result_path(job.out, '.json')
    try:
        made = read_json(path)
    except (OSError, ResultError):
        return False
    if not is_same_file(made.source, job.path):
        other = made.source.absolute_path or made.source.path
        raise ResultError(f'{path} has the results of {other}: choose another --out, or replace them with --again')
    same = (made.model, made.settings) == (infer.info, infer.settings) and is_unchanged(made.source, job.path, path)
    return same and all(result_path(job.out, suffix).exists() for suffix in wanted(args, made.source.video))


def wanted(args: Namespace, has_video: bool) -> list[str]:
    """Return the suffixes of a recording's results, the JSON last."""
    chosen = {'.csv': True, '.png': True, '.srt': args.srt, '.eaf': args.eaf, OVERLAY: args.overlay and has_video}
    return [*(suffix for suffix, is_wanted in chosen.items() if is_wanted), '.json']


def result_path(out: Path, suffix: str) -> Path:
    """Return where a result lies; the name of a recording may hold dots."""
    return out.with_name(out.name + suffix)


def _run_job(infer: AVFInferencer, job: Job, args: Namespace, progress: PredictProgress) -> JobResult:
    try:
        if not args.again and is_finished(job, infer, args):
            return JobResult(job, 'found finished', summary(read_json(result_path(job.out, '.json'))))
        begin = time.monotonic()
        file = describe_file(job.path)  # before it is read: a change meanwhile is one
        recording = infer.open(job.path)
        timeline = infer.predict(recording, args.batch_size, progress.advance)
        whole = with_all_that_can_be_read(recording, job.path)
        timeline = replace(timeline, source=replace(whole.info(), **file))
        _write(timeline, recording, whole, job.out, args)
    except MissingModalityError as error:
        return JobResult(job, 'refused', _reason(error, job))
    except (ClipError, ResultError) as error:
        return JobResult(job, 'failed', _reason(error, job))
    speed = (timeline.source.end_sec - timeline.source.start_sec) / (time.monotonic() - begin)
    undrawn = ', no video to draw into' if args.overlay and whole.frames is None else ''
    return JobResult(job, 'done', f'{summary(timeline)} ({speed:.1f} times real time{undrawn})')


def _write(timeline: Timeline, recording: Recording, whole: Recording, out: Path, args: Namespace) -> None:
    """Write all files of a timeline, its JSON last; if that fails or is stopped, none stays.

    The picture shows what the model looked at, `recording`; the overlay the `whole` of it.
    """
    frames = whole.frames
    writers: dict[str, Callable[[Path], None]] = {
        '.csv': lambda path: write_csv(timeline, path),
        '.png': lambda path: draw_timeline(timeline, path, recording.frames, recording.sound),
        '.srt': lambda path: write_srt(timeline, path),
        '.eaf': lambda path: write_eaf(timeline, path),
        OVERLAY: lambda path: None if frames is None else write_overlay(timeline, path, frames, whole.sound),
        '.json': lambda path: write_json(timeline, path),
    }
    with ExitStack() as undo:
        for suffix in wanted(args, frames is not None):
            path = result_path(out, suffix)
            undo.callback(path.unlink, missing_ok=True)
            writers[suffix](path)
        undo.pop_all()


def _reason(error: MMAVFError, job: Job) -> str:
    return str(error).removeprefix(f'{job.path}: ')


def summary(timeline: Timeline) -> str:
    """Return the answers of a timeline in a line."""
    counts = [f'{len(timeline.tracks)} faces'] if len(timeline.tracks) > 1 else []
    counts.append('1 window' if len(timeline.windows) == 1 else f'{len(timeline.windows)} windows')
    answers = [_answer(timeline, i) for i in range(min(len(timeline.answers), SHOWN))]
    return f'{", ".join(counts)}: {"; ".join(answers)}{"; ..." if len(timeline.answers) > SHOWN else ""}'


def _answer(timeline: Timeline, index: int) -> str:
    answer = timeline.answers[index]
    who = f'face {answer.track} ' if len(timeline.answers) > 1 else ''
    label = timeline.label(answer)
    if label is not None:
        return f'{who}{label} {max(answer.scores):.0%}'
    return who + ', '.join(f'{name} {x:.2f}' for name, x in zip(timeline.model.names, answer.scores, strict=True))
