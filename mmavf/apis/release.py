"""Released weights of a known file as the folder of a published model."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmavf.checkpoints.conversion.release_file import convert_file
from mmavf.checkpoints.known_weights import KnownWeights
from mmavf.datasets.targets.named_in_path import targets_in_path
from mmavf.errors import CheckpointError
from mmavf.files.atomic_folder import check_new_folder

from .publish import publish_model

RELEASED_FPS = 25.0  # the methods give their 16 frames at stride 4 as 2.56 s


def publish_release(
    known: KnownWeights, source: str | Path, folder: str | Path, config: str | Path, fold: str | None = None
) -> dict[str, Any]:
    """Convert a released file, and publish it with what is known of it.

    Args:
        known: What the file is.
        source: The file, as its owner publishes it.
        folder: The folder to write; see `publish_model`.
        config: Config of the model.
        fold: The fold that was held out; None: what the path of a fine-tuned file names.

    Returns:
        The card.

    Raises:
        CheckpointError: The file cannot be read, or is of another method, size or number of classes.
        ConfigError: See `publish_model`.
    """
    check_new_folder(folder)
    with TemporaryDirectory(prefix='mmavf-', dir=_existing(Path(folder))) as temporary:
        converted = Path(temporary, 'model.pth')
        done = convert_file(Path(source), converted)
        if done.family != known.family:
            raise CheckpointError(f'{source} holds weights of {done.family}, and {known.name} is of {known.family}.')
        fold = _fold(known, Path(source), done.num_outputs) if fold is None else fold
        return publish_model(
            converted, folder, config, licence=known.licence, origin=_origin(known, fold), fps=RELEASED_FPS
        )


def _existing(folder: Path) -> Path:
    return next(above for above in folder.absolute().parents if above.is_dir())


def _fold(known: KnownWeights, source: Path, num_outputs: int) -> str | None:
    named = [target for target in targets_in_path(source, num_outputs) if target.name == known.target]
    return named[0].fold or None if named else None


def _origin(known: KnownWeights, fold: str | None) -> str:
    text = f'{known.family} {known.size}, {known.stage} on {known.trained_on}, by its authors: {known.page}'
    if known.folds == 1:
        return text
    return f'{text}; held out was ' + ('a fold that is not known' if fold is None else f'fold {fold}')
