"""A checkpoint's record of the labelled data it was trained on, and whether a run may start from it."""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from mmavf.checkpoints.latest_checkpoint import latest_checkpoint
from mmavf.errors import CheckpointError, ConfigError

from .protocol import corpora, corpora_under_test, fold_under_test, has_validation, lists_under_test

# what every `training_record` has had from the first version on: its fold, and what a leak is found by
_FOLD_RECORD = ('target', 'fold', 'selection', 'corpora')
_RECORD = (*_FOLD_RECORD, 'allow_overlap', 'lists')
# `allow_overlap` too: what it let a run start from is not checked again when the run is resumed
_SAME_RUN = ('stage', 'target', 'column', 'fold', 'selection', 'val_share', 'allow_overlap')


def training_record(cfg: Mapping, list_hashes: Mapping[str, str], files: Tensor | None = None) -> dict[str, Any]:
    """Return what a checkpoint's meta data keep of a run under a protocol.

    Args:
        cfg: Config of the run.
        list_hashes: SHA-256 of every list that was trained on, by its path.
        files: `file_digests` of the clips; None where they are not known.

    Returns:
        The protocol, but for how folds are reported; `corpora` (families trained on), `lists`, and `files`.
    """
    return dict(
        {key: value for key, value in cfg['protocol'].items() if key != 'result'},
        corpora=sorted(corpora(cfg['train_dataloader'])),
        lists=dict(list_hashes),
        files=files,
    )


def without_digests(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a `training_record` without `files`, the digests that no person reads."""
    return None if record is None else {key: value for key, value in record.items() if key != 'files'}


def training_lineage(meta: Mapping) -> list[dict[str, Any]]:
    """Return the records of all labelled trainings that the weights of a checkpoint went through, the first one first.

    Args:
        meta: Meta data of the checkpoint: `protocol`, its own `training_record`, and `origin`, the past of the weights
            that it started from; either may be missing.
    """
    return [*meta.get('origin', ()), *([meta['protocol']] if 'protocol' in meta else [])]


def check_records(meta: Mapping, source: str, needed: Sequence[str] = _RECORD) -> None:
    """Make sure that what a checkpoint says of its trainings is as `training_record` writes it.

    Args:
        meta: Its meta data.
        source: The file, for messages.
        needed: What a record must have.

    Raises:
        CheckpointError: It is not; without it nobody knows what the weights were trained on.
    """
    origin = meta.get('origin', ())
    records = list(origin) if isinstance(origin, list | tuple) else [origin]
    records += [meta['protocol']] if 'protocol' in meta else []
    for record in records:
        lacking = [key for key in needed if key not in record] if isinstance(record, dict) else needed
        if lacking or not isinstance(record.get('lists', {}), dict):
            raise CheckpointError(
                f'{source}: what it says of the data that it was trained on (`protocol` and `origin` of its `meta`) is '
                f'not as this package writes it; it lacks {", ".join(lacking) or "a dictionary of lists"}. Take the '
                'checkpoint as it was written.'
            )


def read_meta(checkpoint: str | Path) -> dict[str, Any]:
    """Return the meta data of a checkpoint file or address; {} where it has none. Its weights are not kept.

    `protocol` in it is the `training_record`, which a checkpoint of a training without labels lacks; `origin` are those
    of the trainings before.
    """
    meta = CheckpointLoader.load_checkpoint(str(checkpoint), map_location='meta')['meta']
    check_records(meta, str(checkpoint), _FOLD_RECORD)
    return meta


def follow_checkpoint(cfg: Config, args: Namespace, record: Mapping | None) -> None:
    """Of a target that the checkpoint was trained on, test its fold unless config or command line set one.

    Args:
        cfg: The config; `fold` and `selection` of its `protocol` are set to the checkpoint's. What is held out already,
            and a selection that the command line names, stay.
        args: Options of the command: `cfg_options`, and see `add_protocol_options`.
        record: The checkpoint's `training_record`.
    """
    own = cfg.get('protocol')
    if own is None or record is None or own.get('target') != record['target']:
        return
    if not set(record['corpora']) & corpora_under_test(cfg):
        return
    if fold_under_test(cfg) is None:
        own['fold'] = record['fold']
    if args.selection is None and 'protocol.selection' not in (args.cfg_options or {}):
        own['selection'] = record['selection']


def find_leak(
    past: Sequence[Mapping], cfg: Mapping, list_hashes: Mapping[str, str], files: Callable[[], Tensor]
) -> str | None:
    """Return why a run says nothing about unseen clips if it starts from, or tests, a certain checkpoint.

    Args:
        past: The checkpoint's `training_lineage`.
        cfg: Config of the run.
        list_hashes: SHA-256 of every list that the run reads, by its path.
        files: Gives the `file_digests` of what the run tests on; called where no list is known again.

    Returns:
        The reason in words, or None: each training of the past saw no corpora and files that the run tests on, or was
        of the same target and fold, and their lists have not been changed since. Corpora are known by family, and by
        the content of their lists, as a folder may have moved.
    """
    if cfg.get('protocol') is None:
        return None
    return next(filter(None, (_find_leak(record, cfg, list_hashes, files) for record in past)), None)


def check_same_run(record: Mapping | None, protocol: Mapping | None) -> None:
    """Make sure that a checkpoint to resume from was written under the same protocol.

    Args:
        record: The checkpoint's `training_record`; None without labels.
        protocol: The run's own; None without labels.

    Raises:
        ConfigError: It was not; names what differs.
    """
    if record and protocol:
        record = _with_column(record, protocol)
    for key in _SAME_RUN:
        theirs, ours = (source.get(key) if source else None for source in (record, protocol))
        if theirs != ours:
            raise ConfigError(
                f'The checkpoint was written by a run with {key} {theirs}, this one has {ours}: resume with the same, '
                'or start in another work dir.'
            )


def chosen_checkpoint(work_dir: str | Path, protocol: Mapping) -> Path:
    """Return the checkpoint that counts in a finished run: the best epoch's, or the last one without validation.

    Raises:
        CheckpointError: There is none.
    """
    work_dir = Path(work_dir)
    if has_validation(protocol):
        best = sorted(work_dir.glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
        if not best:
            raise CheckpointError(f'{work_dir} has no best_*.pth: the run has not been validated.')
        return best[-1]
    last = latest_checkpoint(work_dir)
    if last is None:
        raise CheckpointError(f'{work_dir} has no checkpoint.')
    return last


def _find_leak(
    record: Mapping, cfg: Mapping, list_hashes: Mapping[str, str], files: Callable[[], Tensor]
) -> str | None:
    own, trained = cfg['protocol'], set(record['lists'].values())
    record = _with_column(record, own)
    tested = [
        part
        for part in lists_under_test(cfg)
        if part.family in record['corpora'] or list_hashes.get(part.path) in trained
    ]
    if not tested:
        return _find_seen_files(record, files)
    names = ', '.join(sorted({part.family for part in tested}))
    if record['allow_overlap']:
        return f'it was trained on {names} with overlap allowed, and this run tests on it'
    if any(record[key] != own[key] for key in ('target', 'column', 'fold')):
        return (
            f'it was trained on {names} without {_held_out(record)}, and this run tests on {_held_out(own)}: clips '
            'under test may have been trained on'
        )
    whole = [part.path for part in tested if not part.in_parts and list_hashes.get(part.path) in trained]
    if whole:
        return f'it was trained on all of {", ".join(whole)}, and this run tests on it'
    changed = [name for name, value in record['lists'].items() if list_hashes.get(name, value) != value]
    others = [part.path for part in tested if part.in_parts and list_hashes.get(part.path) not in {None, *trained}]
    if changed or others:
        return (
            f'it was trained on {names} without {_held_out(record)}, but {", ".join(dict.fromkeys(changed + others))} '
            'is another list or has been changed since: clips that are under test now may have been trained on'
        )
    if (record['selection'], own['selection']) == ('paper', 'strict'):
        return "its epoch was chosen on the test part (selection 'paper'), and this run is 'strict'"
    return None


def _find_seen_files(record: Mapping, files: Callable[[], Tensor]) -> str | None:
    if record.get('files') is None:
        return None
    seen = torch.isin(files(), record['files']).sum().item()
    names = ', '.join(record['lists']) or 'another list'
    return f'it was trained on {seen} of the files that this run tests on, by {names}' if seen else None


def _with_column(record: Mapping, own: Mapping) -> dict[str, Any]:
    """Return a record with the column, which earlier versions did not keep: then that of the run's own protocol."""
    return dict(column=own['column']) | dict(record)


def _held_out(protocol: Mapping) -> str:
    fold = 'the test part' if protocol['fold'] is None else f'{protocol["column"] or "fold"} {protocol["fold"]}'
    return fold if protocol['target'] is None else f'{fold} of {protocol["target"]}'
