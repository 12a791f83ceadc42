"""The record of clips that could not be used in training."""

from pathlib import Path

from mmengine.dist import barrier, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavf.datasets.bad_samples import forget_repaired
from mmavf.protocol.clip_data import clip_data
from mmavf.registry import HOOKS


@HOOKS.register_module()
class BadSamplesHook(Hook):
    """Set `bad_samples_file` of the training data set before workers start.

    A data set that does not know its clips (see `mmavf.protocol.clip_data`) is left alone.

    The file is `<work_dir>/bad_samples.jsonl`. A fresh run starts an empty one. A resumed run adds to the one it finds,
    less the clips whose files were changed since.
    """

    def before_train(self, runner: Runner) -> None:
        """Set the file on all ranks, once the main process has emptied it."""
        path = Path(runner.work_dir, 'bad_samples.jsonl')
        if is_main_process():
            if runner.iter == 0:
                path.write_text('')
            else:
                forget_repaired(str(path))
        barrier()
        dataset = clip_data(runner.train_dataloader.dataset)
        if dataset is not None:
            dataset.bad_samples_file = str(path)
