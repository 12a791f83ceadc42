"""Validation and test in which no clip is lost in silence."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.evaluator import Evaluator
from mmengine.runner import BaseLoop, Runner, TestLoop, ValLoop
from torch.utils.data import DataLoader

from mmavf.engine.optimizers.guarded_optim_wrapper import has_bf16_units
from mmavf.errors import ClipError, ConfigError
from mmavf.evaluation import PredictionMetric, report
from mmavf.evaluation.finite import finite_scores
from mmavf.evaluation.predictions import Predictions
from mmavf.evaluation.records import clip_key, gather_records
from mmavf.evaluation.result_files import PARTIAL_FILE
from mmavf.registry import LOOPS, METRICS
from mmavf.stop_signals import stops


class _EveryClipLoop(BaseLoop):
    """Common part of validation and test; see `AVFTestLoop`."""

    stage: str

    def __init__(
        self, runner: Runner, dataloader: DataLoader | dict, evaluator: Evaluator | dict | list, dtype: str = 'float32'
    ) -> None:
        if isinstance(evaluator, dict) and METRICS.get(evaluator.get('type', 'Evaluator')) is not None:
            evaluator = [evaluator]  # MMEngine takes a metric with an argument `metrics` for an evaluator
        super().__init__(runner, dataloader, evaluator)
        if dtype not in ('bfloat16', 'float32'):
            raise ConfigError(f"{self.stage}_cfg.dtype must be 'bfloat16' or 'float32', not {dtype!r}.")
        if self.dataloader.drop_last:
            raise ConfigError(f'{self.stage}_dataloader.drop_last leaves clips out: set it to False.')
        self.device_type = torch.device(get_device()).type
        self.autocast = dtype == 'bfloat16' and has_bf16_units(self.device_type)
        self.predictions: Predictions | None = None
        self.scores: dict[str, float] = {}

    @property
    def metrics(self) -> list[PredictionMetric]:
        """Those of the evaluator's metrics that keep predictions."""
        return [metric for metric in self.evaluator.metrics if isinstance(metric, PredictionMetric)]

    def run(self) -> dict[str, float]:
        """Evaluate all clips; return the scores.

        Raises:
            ClipError: Clips could not be used, or their scores are not finite: one error on all processes that lists
                them all. The predictions of the others are in `<work_dir>/predictions.partial.csv`.
            ConfigError: Two parts of a concatenation cannot be told apart, or there is nothing to evaluate.
        """
        self.runner.call_hook(f'before_{self.stage}')
        self.runner.call_hook(f'before_{self.stage}_epoch')
        self.runner.model.eval()
        self._failures: list[dict] = []
        self.predictions = None  # those of an earlier epoch are not this one's
        for metric in self.metrics:
            metric.reset()
        for idx, data_batch in enumerate(self.dataloader):
            self.run_iter(idx, data_batch)
            stops.check()
        self._account_for_every_clip()
        self.scores = self.evaluator.evaluate(len(self.dataloader.dataset))
        self.runner.call_hook(f'after_{self.stage}_epoch', metrics=self.scores)
        self.runner.call_hook(f'after_{self.stage}')
        return self.scores

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: dict) -> None:
        """Predict one batch; `failures` in it are data samples of clips that could not be used."""
        failures = data_batch.pop('failures', [])
        self._failures += [dict(clip_key(sample.to_dict()), error=sample.error) for sample in failures]
        self.runner.call_hook(f'before_{self.stage}_iter', batch_idx=idx, data_batch=data_batch)
        outputs = []
        if data_batch['data_samples']:
            with torch.autocast(self.device_type, torch.bfloat16, enabled=self.autocast):
                outputs = getattr(self.runner.model, f'{self.stage}_step')(data_batch)
            self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        self.runner.call_hook(f'after_{self.stage}_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs)

    def _account_for_every_clip(self) -> None:
        failures = [(failure['id'], failure['error']) for failure in gather_records(self._failures)]
        size = len(self.dataloader.dataset)
        if self.metrics and len(failures) < size:
            self.predictions = self.metrics[0].gather()
            finite = np.isfinite(self.predictions.scores).all(axis=1)
            failures += [(self.predictions.ids[row], 'its scores are not finite') for row in np.flatnonzero(~finite)]
            self.predictions = self.predictions.select(np.flatnonzero(finite))
            if (distinct := len(self.predictions) + len(failures)) != size:
                raise ConfigError(
                    f'{size} clips were to be evaluated, {distinct} can be told apart: set a `source` of its own '
                    'for each data set of a concatenation, and an id of its own for each clip.'
                )
        if failures:
            self._stop(failures, size)

    def _stop(self, failures: list[tuple[str, str]], size: int) -> None:
        listed = '\n'.join(f'  {name}: {reason}' for name, reason in failures)
        message = f'{len(failures)} of {size} clips have no prediction, so there is no result:\n{listed}'
        if self.predictions is not None:
            path = Path(self.runner.work_dir, PARTIAL_FILE)
            if is_main_process():
                self.predictions.to_csv(path)
            message += f'\nThe predictions of the other clips are in {path}.'
        raise ClipError(f'{message}\nFix these clips, or remove them from the list.')

    def report(self) -> dict[str, Any]:
        """Return what the metrics found in the last run, with the scores of all of them; see `evaluation.report`.

        Raises:
            ConfigError: No metric keeps predictions, or two have one name for a score.
        """
        if self.predictions is None:
            raise ConfigError(
                f'{self.stage}_evaluator keeps no predictions: add ClassificationMetric or RegressionMetric.'
            )
        scored = [(metric, metric.scored) for metric in self.metrics if metric.scored is not None]
        result = report(scored, len(self.predictions))
        return result | dict(metrics=finite_scores(self.scores) | result['metrics'])


@LOOPS.register_module()
class AVFTestLoop(_EveryClipLoop, TestLoop):
    """Test in which every clip of the list gets a prediction, or the run ends with all that did not.

    The data set is in `test_mode`, its loader has `collate_fn=dict(type='collate_usable')`.

    Args:
        runner: The runner.
        dataloader: Data loader, or its config.
        evaluator: Evaluator, or its config. Predictions are kept if one of its metrics is this package's.
        dtype: 'float32', or 'bfloat16' where the device has units for it.

    Attributes:
        predictions: Of the last run; None before it, or if no metric keeps them.
        scores: Of the last run, by all metrics.
    """

    stage = 'test'


@LOOPS.register_module()
class AVFValLoop(_EveryClipLoop, ValLoop):
    """Validation during training, by the rules of `AVFTestLoop`."""

    stage = 'val'
