"""Publishing of a checkpoint as a folder that needs neither its config nor trust."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from mmavf.checkpoints.published import read_card, write_published
from mmavf.checkpoints.published.model_config import model_config
from mmavf.checkpoints.stored_config import stored_config
from mmavf.engine.config_file import load_config
from mmavf.errors import CheckpointError
from mmavf.files.atomic_folder import check_new_folder
from mmavf.lists.clip_list import list_hash
from mmavf.protocol.provenance import check_records

from .card import make_card, read_face_crop, read_result
from .loader import list_loader
from .marginals import mean_tokens
from .model import init_model
from .onnx_export import add_onnx, check_onnx
from .safe_config import check_parts, foreign_imports, without_init


def publish_model(
    checkpoint: str | Path,
    folder: str | Path,
    config: str | Path | None = None,
    *,
    results: Sequence[str | Path] = (),
    licence: str | None = None,
    origin: str | None = None,
    fps: float | None = None,
    manifest: str | Path | None = None,
    marginal_list: str | Path | None = None,
    onnx: bool = False,
    check_list: str | Path | None = None,
    data_root: str | Path = '',
    device: str | None = None,
) -> dict[str, Any]:
    """Write a checkpoint as the folder of a published model, which `init_model` reads.

    Args:
        checkpoint: Checkpoint of a recognizer or of a pre-training model; its weights must be all of the model's.
        folder: The folder; it must not be there, or be empty.
        config: Config that the checkpoint was trained with; None: the one in the checkpoint, read as data.
        results: `metrics.json` files of tests of this checkpoint.
        licence: Licence of the weights.
        origin: Who trained them, and where they come from.
        fps: Frames per second of the clips that the model was trained on.
        manifest: `manifest.json` of the prepared set that it was trained on, for how faces were cropped.
        marginal_list: List of clips over which tokens are averaged that stand for a missing modality; None: none are.
        onnx: Whether the forward is exported, too, as `model.onnx` (see `mmavf.apis.onnx_export`).
        check_list: List of clips that the exported model is compared with PyTorch on; None: random input.
        data_root: Folder that the paths in both lists are relative to.
        device: See `init_model`.

    Returns:
        The card. A module that the model needs and that nobody imports for it, as of a plugin of yours, is warned of.

    Raises:
        CheckpointError: The checkpoint cannot be read, carries no config, or does not fit it.
        ClipError: A clip of `marginal_list` cannot be used.
        ConfigError: The folder cannot be made, the config cannot be read, or another argument is wrong.
        ListError: The list cannot be read.
    """
    check_new_folder(folder)
    content, cfg = _read(str(checkpoint), config)
    model: Any = init_model(cfg, checkpoint, device)
    if onnx:
        check_onnx(model)
    card = _card(model, content, results, manifest, licence=licence, origin=origin, fps=fps)
    check_parts(model_config(card, None))
    _warn_of_foreign_imports(model_config(card, None))
    if check_list is not None:
        list_loader(model_config(card, None), check_list, data_root)  # a list that cannot be read is found before
    marginals = None if marginal_list is None else _add_marginals(card, model, marginal_list, data_root)
    write_published(folder, model.state_dict(), card, marginals)
    if onnx:
        add_onnx(folder, init_model(folder, device='cpu'), check_list, data_root)
    return read_card(folder)


def _warn_of_foreign_imports(cfg: Config) -> None:
    if foreign := foreign_imports(cfg):
        warnings.warn(
            f'the model needs {", ".join(foreign)}, which is not of this project: whoever uses the folder has to have '
            'it, and to import it before the model is loaded (docs/publishing.md)',
            stacklevel=3,
        )


def _card(
    model: Any, content: dict[str, Any], results: Sequence[str | Path], manifest: str | Path | None, **about: Any
) -> dict[str, Any]:
    """Return the card of a checkpoint's model, with what is known `about` it."""
    names = model.dataset_meta.get('classes') or model.dataset_meta.get('dims') or []
    return make_card(
        model,
        content['meta'],
        averaged='ema_state_dict' in content,
        metrics=[read_result(path, names, content['meta']) for path in results],
        face_crop=None if manifest is None else read_face_crop(manifest),
        **about,
    )


def _read(checkpoint: str, config: str | Path | None) -> tuple[dict[str, Any], Config]:
    """Return a checkpoint without the values of its tensors, and its config."""
    content = CheckpointLoader.load_checkpoint(checkpoint, map_location='meta')
    check_records(content['meta'], checkpoint, ('lists',))
    return content, load_config(str(config)) if config is not None else _stored(content['meta'], checkpoint)


def _add_marginals(card: dict[str, Any], model: Any, ann_file: str | Path, data_root: str | Path) -> dict[str, Tensor]:
    """Return the mean tokens over a list of clips, and note the list in the card."""
    marginals, num_clips = mean_tokens(model, list_loader(model_config(card, None), ann_file, data_root))
    path = Path(data_root, ann_file)
    card['marginals'] = dict(num_clips=num_clips, list=path.name, list_sha256=list_hash(str(path)))
    return marginals


def _stored(meta: dict[str, Any], checkpoint: str) -> Config:
    """Return the config that a checkpoint carries, if building its model runs nothing but this package."""
    cfg = Config(stored_config(meta, checkpoint))
    if 'model' not in cfg:
        raise CheckpointError(f'{checkpoint} carries a config without a model: pass --config CONFIG.')
    cfg.model = without_init(cfg.model.to_dict())
    check_parts(cfg)
    return cfg
