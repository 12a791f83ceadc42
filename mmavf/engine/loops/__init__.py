"""Loops where MMEngine's cannot do what a long run needs."""

from .evaluation_loops import AVFTestLoop, AVFValLoop
from .resumable_train_loop import ResumableTrainLoop, accumulative_counts

__all__ = ['AVFTestLoop', 'AVFValLoop', 'ResumableTrainLoop', 'accumulative_counts']
