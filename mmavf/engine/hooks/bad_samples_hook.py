"""Where the training data set writes down the clips it could not use."""

from collections.abc import Iterator
from pathlib import Path

from mmengine.dist import barrier, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from mmavf.datasets.bad_samples import forget_repaired
from mmavf.registry import HOOKS


def _parts(dataset: Dataset) -> Iterator[Dataset]:
    """Yield the data sets of a concatenation, however deep, or the data set itself."""
    if not hasattr(dataset, 'datasets'):
        yield dataset
        return
    for part in dataset.datasets:
        yield from _parts(part)


@HOOKS.register_module()
class BadSamplesHook(Hook):
    """Set `bad_samples_file` of the training data set, and of all parts of a concatenation, before workers start.

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
        for dataset in _parts(runner.train_dataloader.dataset):
            dataset.bad_samples_file = str(path)
