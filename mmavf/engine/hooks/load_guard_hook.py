"""Checks of the weights that a run starts from, and the record of what they were trained on."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import Tensor

from mmavf.checkpoints.match_report import report_match, unmatched_names
from mmavf.datasets.targets.named_in_path import compare_with_path
from mmavf.errors import CheckpointError, ConfigError
from mmavf.models.encoders import give_to_members
from mmavf.protocol.clip_data import clip_data, list_hashes
from mmavf.protocol.independence import data_set_of
from mmavf.protocol.overlap import file_digests
from mmavf.protocol.provenance import check_records, find_leak, training_lineage, training_record
from mmavf.registry import HOOKS


@HOOKS.register_module()
class LoadGuardHook(Hook):
    """Check the weights that a run starts from before they are loaded, and record what they were trained on.

    `AVFRunner` registers one where the config has none. A checkpoint to resume from is checked by `ResumePolicy`.

    A head for other classes, or for the same in another order, is removed, or refused in a test. The log says how many
    weights of each part match, are new or unused; with `log_level='DEBUG'` their names, too.

    Attributes:
        lineage: Records of the labelled trainings before this run; see `training_lineage`.
        overlap: Why clips under test may have been trained on, where the run allows it; else None.

    Raises:
        CheckpointError: No weight matches, some have another shape, or a test lacks weights.
        ConfigError: The weights may have been trained on what the run tests on, without `protocol.allow_overlap`; or
            they are to be tested on other classes.
    """

    priority = 'HIGHEST'  # before EMAHook copies the weights

    def __init__(self) -> None:
        self.lineage: Sequence[dict[str, Any]] = ()
        self.overlap: str | None = None
        self._trained_files: Tensor | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check what was read from a file; `checkpoint['source']` names it."""
        meta, source = checkpoint['meta'], checkpoint['source']
        check_records(meta, source)
        if runner.is_resuming:
            self.lineage = meta.get('origin', ())
            return
        self.lineage = training_lineage(meta)
        give_to_members(runner.bare_model, checkpoint['state_dict'])
        self._drop_foreign_head(runner, checkpoint)
        self._check_leak(runner, source)
        self._warn_of_unknown_past(runner, checkpoint)
        self._check_match(runner, checkpoint)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Write down what the weights have been trained on: by this run (`protocol`) and before it (`origin`)."""
        meta = checkpoint['meta']
        meta['origin'] = list(self.lineage)
        if runner.protocol is None:
            return
        dataset = runner.train_dataloader.dataset
        known = clip_data(dataset)
        if self._trained_files is None and known is not None:
            self._trained_files = file_digests(known.clip_refs())
        meta['protocol'] = training_record(runner.cfg.to_dict(), list_hashes(dataset), self._trained_files)

    def _drop_foreign_head(self, runner: Runner, checkpoint: dict) -> None:
        loops = runner.built_loops
        own = getattr(loops[0].dataloader.dataset, 'metainfo', {}).get('classes') if loops else None
        theirs = (checkpoint['meta'].get('dataset_meta') or {}).get('classes')
        if own is None or theirs is None or list(own) == list(theirs):
            return
        if not runner.is_training:
            raise ConfigError(
                f'{checkpoint["source"]} is for the classes {", ".join(theirs)}, this run for {", ".join(own)}: use '
                'the config that it was trained with, with the classes in the same order.'
            )
        if len(own) != len(theirs):  # it does not fit anyway
            return
        weights = checkpoint['state_dict']
        for name in [name for name in weights if name.startswith('head.')]:
            del weights[name]
            runner.logger.info(f'{name} is for other classes ({", ".join(theirs)}): the head starts anew.')

    def _check_leak(self, runner: Runner, source: str) -> None:
        # a training has not read the lists of its test yet
        lists = list_hashes(*(loop.dataloader.dataset for loop in runner.built_loops))
        leak = find_leak(self.lineage, runner.cfg, lists, lambda: _tested_files(runner))
        if leak is None:
            return
        if not runner.protocol['allow_overlap']:
            raise ConfigError(
                f'{source} does not fit this run: {leak}. Use a checkpoint of the same target, fold, lists and '
                'selection, or pass --allow-overlap to continue all the same.'
            )
        self.overlap = leak
        runner.logger.warning(f'{source}: {leak}. Overlap is allowed: results are not those of unseen clips.')

    def _warn_of_unknown_past(self, runner: Runner, checkpoint: dict) -> None:
        weights, protocol = checkpoint['state_dict'], runner.protocol
        head = [value for name, value in weights.items() if name.startswith('head.') and isinstance(value, Tensor)]
        outputs = [len(value) for value in head if value.ndim == 2]
        if protocol is None or not outputs or self.lineage:
            return
        path = PurePath(checkpoint['meta'].get('converted_from', checkpoint['source']))
        hint = compare_with_path(path, outputs[-1], protocol['target'], protocol['fold'])
        runner.logger.warning(
            f'{checkpoint["source"]} has been trained on labels, as it has a head, but does not say on which. {hint}'
        )

    @staticmethod
    def _check_match(runner: Runner, checkpoint: dict) -> None:
        own = {name: tuple(value.shape) for name, value in runner.bare_model.state_dict().items()}
        given = {
            name: tuple(value.shape) if isinstance(value, Tensor) else None
            for name, value in checkpoint['state_dict'].items()
        }
        try:
            # nothing trains what is missing in a test
            lines = report_match(own, given, complete=not runner.is_training)
        except CheckpointError as error:
            raise CheckpointError(f'{checkpoint["source"]}: {error}') from error
        runner.logger.info('\n  '.join([f'Weights of {checkpoint["source"]}', *lines]))
        runner.logger.debug('\n  '.join(['Weights that do not match', *unmatched_names(own, given)]))


def _tested_files(runner: Runner) -> Tensor:
    """Return the digests of the files of a test, this run's or one that would follow."""
    if runner._test_dataloader is None:
        return file_digests(())
    built = isinstance(runner._test_loop, BaseLoop)
    known = clip_data(data_set_of(runner._test_loop.dataloader if built else runner._test_dataloader))
    if known is None:
        return file_digests(())
    known.full_init()
    return file_digests(known.clip_refs())
