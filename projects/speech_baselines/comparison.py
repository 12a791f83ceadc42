"""Several methods on the same clips: their scores, and how they differ on the same resamples of speakers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mmengine.config import Config

from mmavf.errors import ListError
from mmavf.evaluation import Predictions, evaluate, pool
from mmavf.evaluation.result_files import PREDICTIONS_FILE
from mmavf.experiments.ablation_report import ablation_markdown
from mmavf.experiments.ablation_results import summarise
from mmavf.experiments.fold_results import aggregate
from mmavf.files.atomic_file import write_atomically
from mmavf.protocol.fold_folder import fold_folder
from mmavf.protocol.protocol import result_over_folds


def read_run(path: Path, folds: Sequence[str]) -> list[Predictions]:
    """Return the predictions of a cross-validation for some folds.

    Raises:
        CheckpointError: A fold has not been tested.
    """
    return [Predictions.load(path / fold_folder(fold) / 'test' / PREDICTIONS_FILE) for fold in folds]


def fused(ours: Sequence[Predictions], theirs: Sequence[Predictions]) -> list[Predictions]:
    """Return the mean of the probabilities of two methods, fold by fold, in the order of the first.

    Raises:
        ListError: They were tested on other clips.
    """
    found = []
    for own, other in zip(ours, theirs, strict=True):
        place = {clip: row for row, clip in enumerate(zip(other.source, other.ids, strict=True))}
        clips = list(zip(own.source, own.ids, strict=True))
        if place.keys() != set(clips):
            raise ListError('the methods to fuse were tested on other clips: test both on one list')
        found.append(replace(own, scores=(own.scores + other.scores[[place[clip] for clip in clips]]) / 2))
    return found


def compare(variants: Mapping[str, Sequence[Predictions]], cfg: Config, folds: Sequence[str], out: Path) -> str:
    """Score all methods, and each against the first, by a bootstrap over speakers; write the tables; return them.

    Args:
        variants: Predictions of each fold, by the name of the method.
        cfg: Config with the metric.
        folds: Names of the folds.
        out: Folder for comparison.json and comparison.md.

    Raises:
        ListError: Methods were tested on other clips or labels.
    """
    is_mean = result_over_folds(cfg) == 'mean'
    scores = {name: {0: _result(tests, cfg, is_mean)} for name, tests in variants.items()}
    tests = {name: {0: list(own)} for name, own in variants.items()}
    results = dict(
        title='Comparison with features that need no training',
        folds=list(folds),
        seeds=[0],
        protocol=cfg.protocol.to_dict(),
        result='mean' if is_mean else 'pooled',
        paper={},
        models={},
        failed={},
        **summarise(scores, tests, cfg.test_evaluator, is_mean),
    )
    text = ablation_markdown(results)
    write_atomically(out / 'comparison.json', json.dumps(results, indent=2) + '\n')
    write_atomically(out / 'comparison.md', text)
    return text


def _result(tests: Sequence[Predictions], cfg: Config, is_mean: bool) -> dict[str, float]:
    if not is_mean:
        return evaluate(pool(tests), cfg.test_evaluator)['metrics']
    per_fold = [evaluate(fold, cfg.test_evaluator)['metrics'] for fold in tests]
    return {name: spread.mean for name, spread in aggregate(per_fold).items()}
