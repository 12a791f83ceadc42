"""The line that a person reads while a model trains."""

import datetime
import math
from collections.abc import Iterator

from mmengine.runner import LogProcessor, Runner

from mmavf.registry import LOG_PROCESSORS

BAR_CELLS = 20


@LOG_PROCESSORS.register_module()
class ProgressLogProcessor(LogProcessor):
    """MMEngine's LogProcessor with a training line that shows how far the whole run is.

    For example: `epoch 3/10  step  20/100  [####················] 22 %  left 0:03:11  loss 0.8123 (video 0.61 …)`.
    TensorBoard and json get MMEngine's names. A logged value already is the mean of its interval: no further smoothing.

    Args:
        window_size: Logged points that MMEngine averages.
        **kwargs: Of MMEngine's LogProcessor.
    """

    def __init__(self, window_size: int = 1, **kwargs) -> None:
        super().__init__(window_size=window_size, **kwargs)

    def get_log_after_iter(self, runner: Runner, batch_idx: int, mode: str) -> tuple[dict, str]:
        """Return the figures for the backends, and the line."""
        tag, line = super().get_log_after_iter(runner, batch_idx, mode)
        if mode == 'train':
            line = self._train_line(runner, batch_idx, tag)
        return tag, line

    def _train_line(self, runner: Runner, batch_idx: int, tag: dict) -> str:
        share = (runner.iter + 1) / runner.max_iters
        bar = '#' * int(share * BAR_CELLS)
        steps = len(runner.train_dataloader)
        parts = [
            f'epoch {runner.epoch + 1:>{len(str(runner.max_epochs))}}/{runner.max_epochs}',
            f'step {batch_idx + 1:>{len(str(steps))}}/{steps}',
            f'[{bar:·<{BAR_CELLS}}] {share:4.0%}',
        ]
        if 'eta' in runner.message_hub.runtime_info:
            parts.append(f'left {datetime.timedelta(seconds=int(runner.message_hub.get_info("eta")))}')
        return '  '.join([*parts, *_figures(tag)])


def _figures(tag: dict) -> Iterator[str]:
    """Write the figures that there are: other hooks than this project's publish fewer."""
    terms = [
        f'{name.removeprefix("loss_")} ' + ('-' if math.isnan(value) else f'{value:.4f}')
        for name, value in tag.items()
        if name.startswith('loss_')
    ]
    if 'loss' in tag:
        yield f'loss {tag["loss"]:.4f}' + (f' ({", ".join(terms)})' if terms else '')
    if 'lr' in tag:
        yield f'lr {tag["lr"]:.2e}'
    if 'grad_norm' in tag:
        yield 'grad -' if math.isnan(tag['grad_norm']) else f'grad {tag["grad_norm"]:.3f}'
    if 'clips_per_sec' in tag:
        yield f'{tag["clips_per_sec"]:.1f} clips/s'
    if 'data_wait' in tag:
        yield f'waiting for data {tag["data_wait"]:.0%}'
    if 'memory' in tag:
        yield f'memory {tag["memory"]} MiB'
    if tag.get('skipped_steps'):
        yield f'{tag["skipped_steps"]} steps skipped'
