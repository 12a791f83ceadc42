"""Configs of an ablation's variants, checked before anything runs."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmavf.engine.config_checks import check_keys
from mmavf.engine.config_file import load_config
from mmavf.engine.config_inputs import check_inputs
from mmavf.errors import ConfigError, MMAVFError
from mmavf.registry import MODELS

from .ablation_file import Ablation, Stage, Variant
from .fold_runs import fold_values

# Shared by all variants, as their scores could not be compared otherwise.
SHARED = ('protocol', 'test_evaluator')


def variant_config(variant: Variant, seed: int, load_from: str | None = None) -> Config:
    """Return the config of a variant's fine-tuning.

    Args:
        variant: The variant.
        seed: Random seed.
        load_from: Checkpoint that its last stage leaves; None without stages.

    Raises:
        ConfigError: The config does not exist, or an override does not fit it.
    """
    return _load(variant.base, variant.options, seed, load_from, f'variant {variant.name}')


def stage_config(stage: Stage, variant: Variant, seed: int, target: str | None, load_from: str | None) -> Config:
    """Return the config of a stage before a variant's fine-tuning.

    Args:
        stage: The stage.
        variant: The variant, for messages.
        seed: Random seed.
        target: Data set of the fine-tuning, whose test part a stage per fold leaves out.
        load_from: Checkpoint that the stage before leaves; None for the first.

    Raises:
        ConfigError: The config does not exist, an override does not fit it, or a stage per fold holds nothing out.
    """
    where = f'variant {variant.name}, stage {stage.name}'
    cfg = _load(stage.base, stage.options, seed, load_from, where)
    if stage.per_fold:
        if cfg.get('protocol') is None:
            raise ConfigError(f'{where}: per_fold is for labelled data, but {stage.base} has no protocol.')
        cfg.protocol.target = cfg.protocol.get('target') or target
    return cfg


def check_ablation(ablation: Ablation) -> list[str]:
    """Make sure that all configs can be used, that all models can be built, and that variants are comparable.

    Returns:
        The folds that all variants can hold out.

    Raises:
        ConfigError: Names the variant, and what is wrong with it.
        ListError: A list cannot be read.
    """
    first, *others = ((variant, variant_config(variant, ablation.seeds[0])) for variant in ablation.variants)
    folds = fold_values(first[1])
    for variant, cfg in (first, *others):
        for stage in variant.stages:
            staged = stage_config(stage, variant, ablation.seeds[0], None, None)
            _check_config(staged, f'variant {variant.name}, stage {stage.name}')
        _check_config(cfg, f'variant {variant.name}')
        _check_shared(variant.name, cfg, *first)
        if fold_values(cfg) != folds:
            raise ConfigError(f'variant {variant.name} has other folds than {first[0].name}; compare them on one list.')
    return folds


def _load(base: str, options: Mapping[str, Any], seed: int, load_from: str | None, where: str) -> Config:
    own = {'randomness.seed': seed} | ({} if load_from is None else dict(load_from=load_from))
    try:
        cfg = load_config(base, {**options, **own})
    except MMAVFError as error:
        raise ConfigError(f'{where}: {error}') from error
    cfg.launcher = 'none'
    return cfg


def _check_config(cfg: Config, where: str) -> None:
    """Build a model without memory or weights, which shows components and arguments that do not exist.

    What a run checks of its config before the first clip is checked, too.
    """
    try:
        check_keys(cfg)
        check_inputs(cfg)
    except ConfigError as error:
        raise ConfigError(f'{where}: {error}') from error
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope')), torch.device('meta'):
            MODELS.build(cfg.model)
    except (KeyError, TypeError, ValueError, AssertionError, MMAVFError) as error:
        raise ConfigError(f'{where}: the model cannot be built: {error.args[0] if error.args else error}') from error


def _check_shared(name: str, cfg: Config, first: Variant, first_cfg: Config) -> None:
    for key in SHARED:
        ours, theirs = (_plain(config.get(key)) for config in (cfg, first_cfg))
        if ours != theirs:
            raise ConfigError(
                f'variant {name} has another {key} than {first.name}: {_differing(ours, theirs)}. Scores compare only '
                'under one protocol and evaluator; put what differs into another ablation file.'
            )


def _plain(value: Any) -> Any:
    return value.to_dict() if hasattr(value, 'to_dict') else value


def _differing(ours: Any, theirs: Any) -> str:
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return f'{ours!r} and {theirs!r}'
    keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    return '; '.join(f'{key} {ours.get(key)!r} and {theirs.get(key)!r}' for key in keys)
