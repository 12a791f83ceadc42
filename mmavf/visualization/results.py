"""Results in the work dir of a run: tests, training curves, pictures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.logging import MMLogger

from mmavf.errors import ConfigError
from mmavf.evaluation.result_files import METRICS_FILE
from mmavf.files.json_lines import read_json_lines, unreadable_text
from mmavf.lists.natural_order import natural_order
from mmavf.protocol.fold_folder import FOLD, fold_folder, fold_of_folder
from mmavf.protocol.protocol import usual_result

TEST_KEYS = ('config', 'checkpoint', 'selection', 'training', 'test', 'num_clips', 'metrics', 'intervals')
SUMMARY_KEYS = ('config', 'folds', 'pooled', 'parts', 'failed')
# Pictures that the commands of this project write, with their captions.
PICTURES = {
    'reconstruction.png': (
        'Reconstruction of masked clips: for each clip the original, what the encoder saw, and the reconstruction; '
        'frames on the left, log-mel on the right.'
    ),
    'tsne.png': (
        't-SNE of the features of the test clips, one dot per clip, coloured by label. Clips close together are '
        'similar to the model; the axes have no unit.'
    ),
}


@dataclass(frozen=True)
class TestResult:
    """One test.

    Attributes:
        fold: The fold or subject held out; '' if there is none.
        content: Contents of its metrics.json: `metrics`, `intervals`, `num_clips`, what was trained and tested and
            when, and of a classifier `classes` and `confusion_matrix`.
    """

    __test__ = False  # pytest would take it for a test

    fold: str
    content: dict[str, Any]


class Curves(NamedTuple):
    """Logged training losses.

    Attributes:
        name: What was trained: '' or a fold.
        iters: Iterations, (N,).
        losses: Values (N,) of each term by its name.
    """

    name: str
    iters: np.ndarray
    losses: dict[str, np.ndarray]


class Results(NamedTuple):
    """Contents of a work dir.

    Attributes:
        folder: The work dir.
        tests: Its tests: none, one, or one per fold in natural order.
        summary: Contents of a cross-validation's results.json; empty if there is none.
        curves: Training curves, one per training.
        pictures: Files of known pictures, with their captions.
    """

    folder: Path
    tests: list[TestResult]
    summary: dict[str, Any]
    curves: list[Curves]
    pictures: list[tuple[Path, str]]

    @property
    def pooled(self) -> dict[str, Any]:
        """Scores of the predictions of all folds together, as in a metrics.json; empty without a cross-validation."""
        return self.summary.get('pooled', {})

    @property
    def reports_pooled(self) -> bool:
        """Whether the pooled scores are the result, as where single subjects are held out; else the mean over folds."""
        if self.summary:
            return self.summary.get('result') == 'pooled'
        of_tests = [test.content['test'] for test in self.tests]
        return any((test.get('result') or usual_result(test.get('column'))) == 'pooled' for test in of_tests)


def read_results(folder: Path) -> Results:
    """Read the work dir of one run, or of a cross-validation with a folder `fold_<k>` per fold.

    Raises:
        ConfigError: It is not a folder, holds nothing to report, or a file in it is damaged.
    """
    if not folder.is_dir():
        raise ConfigError(f'{folder} is not a folder: pass the work dir of a run.')
    summary = _read_json(folder / 'results.json', SUMMARY_KEYS) if (folder / 'results.json').exists() else {}
    folds = sorted(
        (path for path in folder.glob(f'{FOLD}*') if path.is_dir()), key=lambda path: natural_order(path.name)
    )
    names = {path.name: fold_of_folder(path.name) for path in folds}
    if summary:  # there may be folders of other folds, which it does not include
        names = {fold_folder(fold): fold for fold in summary['folds']}
        folds = [path for path in folds if path.name in names]
    tests, curves, pictures = [], [], []
    for part in folds or [folder]:
        name = names[part.name] if folds else ''
        metrics = next((path for path in (part / 'test' / METRICS_FILE, part / METRICS_FILE) if path.exists()), None)
        if metrics is not None:
            tests.append(_read_test(metrics, name))
        if (logged := _read_curves(part, f'fold {name}' if folds else '')) is not None:
            curves.append(logged)
    if summary and folds:
        _check_summary(folder, summary, tests)
    for part in (folder, *folds):
        where = f'Fold {names[part.name]}. ' if part in folds else ''
        pictures += [(part / name, where + text) for name, text in PICTURES.items() if (part / name).exists()]
    if not (tests or curves or pictures):
        raise ConfigError(f'{folder} holds nothing to report: no metrics.json, no training log, no picture.')
    return Results(folder, tests, summary, curves, pictures)


def _check_summary(folder: Path, summary: dict, tests: Sequence[TestResult]) -> None:
    for test in tests:
        if summary['folds'][test.fold] != test.content['metrics']:
            raise ConfigError(
                f'{folder}/results.json has other scores for fold {test.fold} than its test: the fold was tested again '
                'since. Run mmavf cross-validate again.'
            )


def _read_json(path: Path, keys: Sequence[str]) -> dict:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ConfigError(f'{path} is damaged: {error}') from error
    missing = [key for key in keys if not isinstance(content, dict) or key not in content]
    if missing:
        raise ConfigError(
            f'{path} was not written by mmavf test or mmavf cross-validate: it lacks {", ".join(missing)}.'
        )
    return content


def _read_test(path: Path, fold: str) -> TestResult:
    content = _read_json(path, TEST_KEYS)
    return TestResult(fold or str(content['test']['fold'] or ''), content)


def _read_curves(folder: Path, name: str) -> Curves | None:
    """Join the logs of a training and its resumptions; iterations that were repeated are taken from the later one.

    Lines that cannot be read are left out, with a warning.
    """
    rows: list[dict] = []
    for log in sorted(folder.glob('*/vis_data/scalars.json')):
        found = read_json_lines(log)
        if found.unreadable:
            MMLogger.get_current_instance().warning(unreadable_text(log, found.unreadable))
        logged = [row for row in found.values if 'loss' in row and 'iter' in row]
        if logged:
            rows = [row for row in rows if row['iter'] < logged[0]['iter']] + logged
    if not rows:
        return None
    terms = dict.fromkeys(key for row in rows for key in row if 'loss' in key)
    # a resumed run may have dropped a term, or added one
    losses = {term: np.array([row.get(term, np.nan) for row in rows]) for term in terms}
    return Curves(name, np.array([row['iter'] for row in rows]), losses)
