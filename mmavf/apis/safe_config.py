"""Whether a config that came from somebody else names nothing but parts of this package."""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry

from mmavf.errors import CheckpointError
from mmavf.registry import MODELS, TRANSFORMS

# Transforms of MMAction2 that only change pictures; others of it read files, or call functions by name.
PICTURES = ('mmaction.CenterCrop', 'mmaction.Flip', 'mmaction.Resize', 'mmaction.TenCrop', 'mmaction.ThreeCrop')
PLUGINS = ('projects.svfap.encoder',)  # modules of this project's plugins that register parts of models


def check_parts(cfg: Config) -> None:
    """Import the plugins that a config names, and make sure that all its types are parts of this package or of them.

    MMEngine builds a `type` that no registry knows by importing whatever has that name, so that a foreign config could
    run any function. Here only registered names pass, and of MMAction2 a few transforms of pictures.

    Args:
        cfg: Config of a published model, or one out of a checkpoint; of its data only the pipeline of
            `test_dataloader.dataset` is looked at, if there is one.

    Raises:
        CheckpointError: It names something else; nothing of it has been imported or run.
    """
    source = cfg.filename or 'the config of the checkpoint'
    for name in (cfg.get('custom_imports') or {}).get('imports') or ():
        _import(str(name), source)
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    for registry, part in ((MODELS, cfg.model), (TRANSFORMS, dataset.get('pipeline'))):
        for name in _types(part):
            if not _is_registered(name, registry):
                raise CheckpointError(
                    f'{source}: there is no {registry.name} {name!r} in mmavf. If it is of a plugin of yours, import '
                    'its module before the model is loaded; otherwise a later version of mmavf has it.'
                )


def foreign_imports(cfg: Config) -> list[str]:
    """Return the modules that a config asks for and that nothing in this package imports for a published model."""
    imports = (cfg.get('custom_imports') or {}).get('imports') or ()
    return [str(name) for name in imports if name not in PLUGINS]


def without_init(value: Any) -> Any:
    """Return a model's config without `init_cfg`: weights replace it, and it may name files and anything to build."""
    if isinstance(value, Mapping):
        return {key: without_init(part) for key, part in value.items() if key != 'init_cfg'}
    return type(value)(map(without_init, value)) if isinstance(value, list | tuple) else value


def _import(name: str, source: str) -> None:
    if name in sys.modules:  # whoever imported it trusts it
        return
    if name not in PLUGINS:
        raise CheckpointError(
            f'{source} asks for the module {name}. A published model runs no code of its own: if you trust the module, '
            f'import it before the model is loaded, from Python, or for a command: python -c "import sys, {name}; from '
            'mmavf.cli.main import main; sys.exit(main())" COMMAND …'
        )
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        raise CheckpointError(
            f'{source} needs the plugin {name}, which the installed package does not contain: run in a clone of the '
            'project, or put it on the PYTHONPATH.'
        ) from error


def _types(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in ('type', '_scope_'):
                yield part if key == 'type' else f'_scope_={part}'
            yield from _types(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _types(part)


def _is_registered(name: Any, registry: Registry) -> bool:
    if not isinstance(name, str):
        return False
    if registry is TRANSFORMS and name in PICTURES:
        return True
    registry.import_from_location()
    return name in registry.module_dict
