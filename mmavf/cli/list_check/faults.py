"""Faults that would stop a training or a test: clips in two groups, spellings, files that cannot be read."""

from collections.abc import Sequence

from mmavf.cli.clip_jobs import run_clip_jobs
from mmavf.datasets.deep_check import ClipFacts, Job, deep_checker
from mmavf.lists.spellings import spelling_problems
from mmavf.protocol.overlap import find_overlap, overlap_text

from .groups import Group


def overlap_faults(groups: Sequence[Group], are_parts: bool) -> list[str]:
    """Name the clips of each group that another group also has, or whose subject it has.

    Args:
        groups: The groups.
        are_parts: Whether the first one is for training, so that the others need only be independent of that one.
    """
    faults = []
    for place, group in enumerate(groups[1:], start=1):
        for other in groups[:1] if are_parts else groups[:place]:
            found = find_overlap(group.refs, other.refs)
            if found:
                count = f'{len(found)} of {len(group.infos)} clips'
                faults.append(f'{group.name} is not independent of {other.name} ({count}):{overlap_text(found)}')
    return faults


def spelling_faults(groups: Sequence[Group]) -> list[str]:
    """Name the subjects, folds and groups that a list spells in several ways, for which a split would be refused."""
    by_list: dict[str, list[dict]] = {}
    for group in groups:
        for info, ref in zip(group.infos, group.refs, strict=True):
            by_list.setdefault(ref.place.rpartition(':')[0], []).append(info)
    found = [(name, *problem) for name, infos in by_list.items() for problem in spelling_problems(infos)]
    return [f'{name}:{line}: {text}' for name, line, text in found]


def read_all(groups: Sequence[Group], workers: int, timeout_sec: float) -> list[list[ClipFacts]]:
    """Read parts of every clip, with a progress bar; return the facts about the clips of each group."""
    jobs = [(info, group.reading) for group in groups for info in group.infos]
    facts = iter(run_clip_jobs(deep_checker, (), jobs, _crashed, workers, timeout_sec))
    return [[next(facts) for _ in group.infos] for group in groups]


def _crashed(job: Job, reason: str) -> ClipFacts:
    info = job[0]
    return ClipFacts(0.0, False, f'{info["video_path"] or info["audio_path"]}: {reason}')
