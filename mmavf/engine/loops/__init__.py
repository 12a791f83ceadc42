"""Loops where MMEngine's cannot do what a long run needs."""

from .resumable_train_loop import ResumableTrainLoop, accumulative_counts

__all__ = ['ResumableTrainLoop', 'accumulative_counts']
