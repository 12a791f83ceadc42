"""The line that a person reads while a model trains."""

import datetime
import math

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
        left = datetime.timedelta(seconds=int(runner.message_hub.get_info('eta')))
        terms = [f'{name.removeprefix("loss_")} {tag[name]:.4f}' for name in tag if name.startswith('loss_')]
        parts = [
            f'epoch {runner.epoch + 1:>{len(str(runner.max_epochs))}}/{runner.max_epochs}',
            f'step {batch_idx + 1:>{len(str(steps))}}/{steps}',
            f'[{bar:·<{BAR_CELLS}}] {share:4.0%}',
            f'left {left}',
            f'loss {tag["loss"]:.4f}' + (f' ({", ".join(terms)})' if terms else ''),
            f'lr {tag["lr"]:.2e}',
            'grad -' if math.isnan(tag['grad_norm']) else f'grad {tag["grad_norm"]:.3f}',
            f'{tag["clips_per_sec"]:.1f} clips/s',
            f'waiting for data {tag["data_wait"]:.0%}',
            f'memory {tag["memory"]} MiB',
        ]
        if tag['skipped_steps']:
            parts.append(f'{tag["skipped_steps"]} steps skipped')
        return '  '.join(parts)
