"""Several lists as one data set."""

from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.dataset import ConcatDataset as MMEngineConcatDataset

from mmavf.errors import ConfigError, ListError
from mmavf.registry import DATASETS
from mmavf.structures import SampleKey


@DATASETS.register_module()
class ConcatClipDataset(MMEngineConcatDataset):
    """Clip data sets one after the other.

    A SampleKey goes on to the part that holds its index, so that randomness stays the same whatever the part. Each
    part keeps its own policy on bad samples, and a substitute comes from the same part.

    Args:
        datasets: Configs of AVClipDataset, or data sets.
        ann_file: One list of your own in place of all parts, with the other settings of the first part, which must be
            a config.
        data_root: What the paths of `ann_file` are relative to.
        lazy_init: Read and check the lists at first use.

    Raises:
        ConfigError: A `data_root` without `ann_file`.
        ListError: One or more lists are missing or wrong: one error that names them all.
    """

    def __init__(
        self,
        datasets: list[dict | BaseDataset],
        ann_file: str | None = None,
        data_root: str = '',
        lazy_init: bool = False,
    ) -> None:
        if ann_file is not None:
            datasets = [{**datasets[0], 'ann_file': ann_file, 'data_root': data_root}]
        elif data_root:
            raise ConfigError(f'data_root={data_root} needs a list: set ann_file beside it.')
        parts = [DATASETS.build({**part, 'lazy_init': True}) if isinstance(part, dict) else part for part in datasets]
        super().__init__(parts, lazy_init=lazy_init)

    def full_init(self) -> None:
        """Read and check all lists, unless that has been done."""
        problems = []
        for part in self.datasets:
            try:
                part.full_init()
            except ListError as error:
                problems.append(str(error))
        if problems:
            raise ListError('\n'.join(problems))
        super().full_init()

    def __getitem__(self, key: SampleKey | int) -> Any:
        """Return the sample of `key`, an index over all parts or a SampleKey with one."""
        if not isinstance(key, SampleKey):
            key = SampleKey(index=int(key), seed=0, epoch=0, position=int(key))
        part, index = self._get_ori_dataset_idx(key.index)
        return self.datasets[part][key._replace(index=index)]
