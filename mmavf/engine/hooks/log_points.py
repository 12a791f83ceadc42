"""When the log is written: the one moment in which figures travel from the device to the host."""

from mmengine.hooks import LoggerHook
from mmengine.runner import Runner


def is_log_point(runner: Runner, batch_idx: int) -> bool:
    """Whether the LoggerHook logs after the batch `batch_idx` (from 0) of the epoch; without a hook, at its end."""
    logger = next((hook for hook in runner.hooks if isinstance(hook, LoggerHook)), None)
    length = len(runner.train_dataloader)
    if logger is None:
        return batch_idx + 1 == length
    if logger.every_n_inner_iters(batch_idx, logger.interval):
        return True
    return batch_idx + 1 == length and (not logger.ignore_last or length <= logger.interval)
