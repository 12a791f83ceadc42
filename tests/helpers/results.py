"""Work dirs as training, tools/test.py and tools/cross_validate.py leave them, small."""

import json
from pathlib import Path

import numpy as np

from mmavf.evaluation import Predictions, evaluate
from mmavf.experiments.fold_results import collect
from mmavf.protocol.protocol import usual_result

CLASSES = ('anger', 'joy & <b>"pride"</b>', 'neutral')
EVALUATOR = dict(type='ClassificationMetric', metrics=('war', 'uar', 'wa_f1'), resamples=50)
LIST = 'data/toy/lists/all.csv'


def make_predictions(skill: float, fold: str, clips: int = 40, classes: tuple[str, ...] = CLASSES) -> Predictions:
    """Predictions of a classifier that knows the class the better the higher `skill` is."""
    rng = np.random.default_rng(int(10 * skill) + sum(fold.encode()))
    labels = np.arange(clips) % len(classes)
    scores = rng.gumbel(size=(clips, len(classes)))
    scores[np.arange(clips), labels] += skill
    blank = ('',) * clips
    return Predictions(
        ids=tuple(f'{fold}/{number}' for number in range(clips)),
        labels=labels,
        scores=scores,
        names=tuple(classes),
        subject=blank,
        fold=(fold,) * clips,
        source=('toy',) * clips,
        group=blank,
    )


def make_values(clips: int = 40) -> Predictions:
    """Predictions of two dimensions."""
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(clips, 2))
    blank = ('',) * clips
    scores = labels + rng.normal(size=(clips, 2))
    ids = tuple(str(number) for number in range(clips))
    return Predictions(ids, labels, scores, ('arousal', 'valence'), blank, blank, ('toy',) * clips, blank)


def write_test(
    folder: Path,
    predictions: Predictions,
    fold: str,
    evaluator: dict = EVALUATOR,
    training: bool = True,
    overlap: str | None = None,
    column: str | None = 'fold',
    result: str = '',
    **protocol,
) -> dict:
    """Write `folder`/metrics.json; return its contents. `protocol` overrides what the checkpoint says."""
    folder.mkdir(parents=True)
    own = dict(
        stage='finetune', target='toy', column=column, fold=fold, selection='strict', val_share=0.0, allow_overlap=False
    )
    record = dict(own, corpora=['toy'], lists={LIST: 'ab' * 32}) | protocol
    content = dict(
        config='work_dirs/avfmae_b_toy/config.py',
        checkpoint='work_dirs/avfmae_b_toy/epoch_3.pth',
        selection=record['selection'] if training else None,
        training=record if training else None,
        trained=dict(epoch=3, iter=30, time='20260101_235900', mmengine_version='0.10.7'),
        test=dict(
            column=column if fold else None,
            fold=fold or None,
            result=result or usual_result(column),
            lists={LIST: 'cd' * 32},
            overlap=overlap,
        ),
        tested_at='2026-01-02T00:10:00+01:00',
        versions=dict(mmavf='0.1.0', torch='2.11.0', mmengine='0.10.7', python='3.11.9'),
        **evaluate(predictions, evaluator),
    )
    (folder / 'metrics.json').write_text(json.dumps(content))
    return content


def write_log(folder: Path, losses: list[float], first: int = 10, name: str = '20260101_000000') -> None:
    """Write what MMEngine logs: a line per 10 iterations, and one of a validation."""
    data = folder / name / 'vis_data'
    data.mkdir(parents=True)
    rows = [dict(loss=loss, lr=0.1, iter=first + 10 * number, step=number) for number, loss in enumerate(losses)]
    rows.insert(1, dict(uar=0.5, step=1))
    (data / 'scalars.json').write_text(''.join(json.dumps(row) + '\n' for row in rows))


def write_cross_validation(
    folder: Path, skill: float, folds: tuple[str, ...] = ('1', '2', '10'), failed: dict | None = None, **kwargs
) -> tuple[dict[str, dict], dict]:
    """Write the work dir of a cross-validation; return the contents of each fold's metrics.json, and pooled."""
    evaluator, column = kwargs.get('evaluator', EVALUATOR), kwargs.get('column', 'fold')
    predictions = {fold: make_predictions(skill, fold, clips=30 + int(fold)) for fold in folds}
    contents = {}
    for fold, part in predictions.items():
        contents[fold] = write_test(folder / f'fold_{fold}/test', part, fold, **kwargs)
        write_log(folder / f'fold_{fold}', [2.0, 1.0, 0.5])
    tests = {fold: folder / f'fold_{fold}/test' for fold in folds}
    for fold, test in tests.items():
        predictions[fold].save(test / 'predictions.pkl')
    results = dict(config='configs/finetune/toy/avfmae_b_toy.py', failed=failed or {})
    results |= collect(tests, evaluator, kwargs.get('result') or usual_result(column))
    (folder / 'results.json').write_text(json.dumps(results))
    return contents, results['pooled']
