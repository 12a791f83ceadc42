"""The folder of a published model: written whole, read without running anything in it.

`model.safetensors` holds the weights, `model.json` the card, `README.md` the card for people, and
`marginals.safetensors`, if it is there, the mean tokens that stand for a modality which is missing.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from mmavf.checkpoints.weights import check_finite
from mmavf.errors import CheckpointError
from mmavf.files.atomic_file import write_atomically
from mmavf.files.atomic_folder import making_folder
from mmavf.files.sha256 import file_sha256

from .card_fields import SCHEMA, check_card, check_outputs
from .model_card import model_card
from .model_config import model_config

CARD_FILE = 'model.json'
WEIGHTS_FILE = 'model.safetensors'
MARGINALS_FILE = 'marginals.safetensors'
TEXT_FILE = 'README.md'


class PublishedModel(NamedTuple):
    """What the folder of a published model holds.

    Attributes:
        config: Config to build the model from, and a `test_dataloader` for lists of clips; plain data.
        state_dict: Weights by name, on the CPU.
        card: Content of `model.json`.
        marginals: Mean tokens of each modality by name, such as `audio.tokens`; {} where the folder has none.
    """

    config: Config
    state_dict: dict[str, Tensor]
    card: dict[str, Any]
    marginals: dict[str, Tensor]


def is_published(folder: str | Path) -> bool:
    """Return whether a path is a folder with a card."""
    return Path(folder, CARD_FILE).is_file()


def write_published(
    folder: str | Path,
    state_dict: Mapping[str, Tensor],
    card: Mapping[str, Any],
    marginals: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the folder of a model, all of it or nothing.

    Args:
        folder: The folder; it must not be there, or be empty.
        state_dict: Weights of the model.
        card: Content of `model.json` but for `schema` and the hashes, which are filled in.
        marginals: Mean tokens, see `PublishedModel`.

    Raises:
        CheckpointError: The card lacks something, or does not fit the weights.
        ConfigError: See `mmavf.files.atomic_folder.check_new_folder`.
        OSError: The folder cannot be written.
        ValueError: The card holds NaN or infinity.
    """
    with making_folder(folder) as temporary:
        digest = _save(state_dict, temporary / WEIGHTS_FILE)
        whole: dict[str, Any] = {'schema': SCHEMA, **card}
        whole['weights'] = {**card['weights'], 'sha256': digest}
        if marginals:
            whole['marginals'] = {**card['marginals'], 'sha256': _save(marginals, temporary / MARGINALS_FILE)}
        check_card(whole, Path(folder) / CARD_FILE)
        check_outputs(whole, state_dict, Path(folder) / CARD_FILE)
        _write_card(temporary, whole, Path(folder).resolve().name)


def read_card(folder: str | Path) -> dict[str, Any]:
    """Return the card of a published model.

    Raises:
        CheckpointError: The folder is not one of a published model, or its card cannot be read.
    """
    path = Path(folder, CARD_FILE)
    try:
        card = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        what = 'has no model.json, so it is not a published model' if Path(folder).is_dir() else 'does not exist'
        raise CheckpointError(f'{folder} {what}. Make one by mmavf publish CHECKPOINT FOLDER.') from error
    except OSError as error:
        raise CheckpointError(f'{path} cannot be read: {error.strerror}.') from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f'{path} is cut off or damaged: {error}. Get the folder again.') from error
    check_card(card, path)
    return card


def read_published(folder: str | Path) -> PublishedModel:
    """Read the folder of a published model; nothing in it is executed or imported.

    The hashes of the files are compared with those in the card. Types that the config names are not looked up here:
    `mmavf.apis.init_model` does it, and refuses those that are not of this package or a plugin of it.

    Raises:
        CheckpointError: The folder is partial, damaged, of another program or a later version, or its files are of
            different models.
    """
    card = read_card(folder)
    state_dict = _load(Path(folder, WEIGHTS_FILE), card['weights']['sha256'])
    check_outputs(card, state_dict, Path(folder, CARD_FILE))
    marginals = {}
    if card['marginals'] is not None:
        marginals = _load(Path(folder, MARGINALS_FILE), card['marginals']['sha256'])
    return PublishedModel(model_config(card, Path(folder, CARD_FILE)), state_dict, card, marginals)


def update_card(folder: str | Path, **fields: Any) -> None:
    """Replace fields of a card, such as `calibration`, in `model.json` and in the text.

    Raises:
        CheckpointError: See `read_card`; or the card is none with these fields.
        OSError: The files cannot be written.
        ValueError: A field holds NaN or infinity.
    """
    card = read_card(folder) | fields
    check_card(card, Path(folder, CARD_FILE))
    _write_card(Path(folder), card, Path(folder).resolve().name)


def _write_card(folder: Path, card: Mapping[str, Any], name: str) -> None:
    write_atomically(folder / CARD_FILE, json.dumps(card, indent=1, allow_nan=False, ensure_ascii=False) + '\n')
    write_atomically(folder / TEXT_FILE, model_card(card, name))


def _save(tensors: Mapping[str, Tensor], path: Path) -> str:
    """Write tensors; return the SHA-256 of the file."""
    path.touch()  # with the rights of a new file: safetensors gives its own to nobody but the owner
    rights = path.stat().st_mode
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, path)
    path.chmod(rights)
    return file_sha256(path)


def _load(path: Path, digest: str) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f'{path} is missing, so the model is not complete. Get the whole folder again.')
    try:
        if file_sha256(path) != digest:
            raise CheckpointError(
                f'{path} is not the file that the card beside it was written for (SHA-256): it is damaged, cut off or '
                'of another model. Get the folder again.'
            )
        tensors = load_file(path)
    except SafetensorError as error:
        raise CheckpointError(f'{path} is no safetensors file: {error}. Get the folder again.') from error
    except OSError as error:
        raise CheckpointError(f'{path} cannot be read: {error.strerror or error}.') from error
    check_finite(tensors, str(path))
    return tensors
