"""Speed of training: clips per second, share of time spent waiting for data, peak memory, time left."""

import resource
import time

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import IterTimerHook
from mmengine.runner import Runner

from mmavf.registry import HOOKS

from .log_points import is_log_point


def count_clips(data_batch: dict) -> int:
    """Return the clips that the model gets: B·V of a video (B, V, …), else the samples of the list."""
    video = data_batch['inputs'].get('video')
    return len(data_batch['data_samples']) if video is None else video.shape[:2].numel()


@HOOKS.register_module()
class ThroughputHook(IterTimerHook):
    """MMEngine's IterTimerHook, with figures of training that hold over a whole log interval and all ranks.

    Times are taken on the host. A GPU works behind it, but at a log point the host has waited for the device, so that
    the means over an interval are those of the device too. Every view of a sample counts as a clip.
    """

    def before_train(self, runner: Runner) -> None:
        """Start the clocks."""
        super().before_train(runner)
        self._reset(runner)

    t: float  # when the last iteration ended, kept by the base class

    def _reset(self, runner: Runner) -> None:
        self._elapsed, self._clips, self._iters = 0.0, 0, 0
        self._data_sec = runner.train_loop.data_sec

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Do nothing: the train loop itself measures how long it waits for data."""

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        """Count the step; publish the interval's figures at a log point."""
        now = time.time()
        self._elapsed += now - self.t
        self.t = now
        self._clips += count_clips(data_batch)
        self._iters += 1
        if is_log_point(runner, batch_idx):
            self._publish(runner)
            self._reset(runner)

    def _publish(self, runner: Runner) -> None:
        self.time_sec_tot += self._elapsed
        waited = runner.train_loop.data_sec - self._data_sec
        sums = torch.tensor([self._elapsed, waited, self._clips], dtype=torch.float64)
        all_reduce(sums)
        elapsed, waited, clips = sums.tolist()
        hub = runner.message_hub
        hub.update_scalar('train/time', elapsed / runner.world_size / self._iters)
        hub.update_scalar('train/data_time', waited / runner.world_size / self._iters)
        hub.update_scalar('train/data_wait', waited / elapsed)
        hub.update_scalar('train/clips_per_sec', clips / (elapsed / runner.world_size))
        if not torch.cuda.is_available():  # with CUDA the log processor gives the device's peak
            hub.update_scalar('train/memory', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        per_iter = self.time_sec_tot / (runner.iter + 1 - self.start_iter)
        hub.update_info('eta', per_iter * (runner.max_iters - runner.iter - 1))
