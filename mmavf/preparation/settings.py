"""Settings that determine the contents of a prepared data set."""

import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavf.errors import ConfigError
from mmavf.files.sha256 import file_sha256

# what checks and uses the settings loads PyTorch, and command lines want their defaults at once
if TYPE_CHECKING:
    from mmavf.datasets.media import Channel

CLIP_TIMEOUT_SEC = 3600.0  # enough for a clip of an hour on a busy machine
PACK_TYPES = dict(mp4='Mp4Pack', jpeg='JpegPack', shards='ShardPack')


@dataclass(frozen=True, kw_only=True)
class PrepareSettings:
    """Settings of a preparation; the same raw files and settings give the same result.

    Attributes:
        dataset: Name of a target data set, a corpus or `custom`.
        options: Arguments of its parser.
        detector: The face detector: `cascade`, `yunet:FILE`, `boxes:PATH` or `none`.
        choose: Which of several faces is followed: the `largest` one, or the most `central`.
        align_eyes: Crops are turned so that the eyes are level.
        max_missing: A clip is left out if more than this share of the sampled frames is without its face.
        pack: How frames are stored: `mp4`, `jpeg` (folders) or `shards` (tar files of JPEG and wav).
        pack_options: Arguments of the pack.
        sound: Whether sound is written; then a clip with unusable sound is left out.
        audio_channel: Sound channel to use: its number, from 1, 'mean' of all, or None: the rule of
            `mmavf.datasets.media.channels.mix_down`.
        size: Height and width of the face frames in pixels, even.
        min_sec: Shorter parts are left out; None: 1 for a corpus, 0 for a labelled set.
        max_sec: Longer parts are cut into equal pieces; None: 10. Clips of a labelled set are not cut.

    Raises:
        ConfigError: A value is impossible.
    """

    dataset: str
    options: dict[str, Any] = field(default_factory=dict)
    detector: str = 'cascade'
    choose: str = 'largest'
    align_eyes: bool = False
    max_missing: float = 0.5
    pack: str = 'mp4'
    pack_options: dict[str, Any] = field(default_factory=dict)
    sound: bool = True
    audio_channel: 'Channel' = None
    size: int = 160
    min_sec: float | None = None
    max_sec: float | None = None

    def __post_init__(self) -> None:
        from mmavf.datasets.media import check_channel
        from mmavf.faces.choice import CRITERIA
        from mmavf.faces.detector_name import detector_config

        detector_config(self.detector)  # raises what is wrong with it
        shortest, longest = self.min_sec or 0, 10.0 if self.max_sec is None else self.max_sec
        rules = (
            (self.choose in CRITERIA, f'choose must be one of {", ".join(CRITERIA)}, not {self.choose!r}'),
            (self.pack in PACK_TYPES, f'pack must be one of {", ".join(PACK_TYPES)}, not {self.pack!r}'),
            (self.size >= 16 and self.size % 2 == 0, f'size must be even and at least 16, not {self.size}'),
            (0 <= self.max_missing < 1, f'max_missing must be at least 0 and less than 1, not {self.max_missing}'),
            (shortest >= 0 and longest > 0, f'min_sec and max_sec must be positive, not {self.min_sec}, {longest}'),
            (2 * shortest <= longest, f'max_sec ({longest:g}) must be at least twice min_sec ({shortest:g})'),
        )
        for holds, complaint in rules:
            if not holds:
                raise ConfigError(complaint)
        check_channel(self.audio_channel, 'audio_channel')

    def lengths_sec(self, labelled: bool) -> tuple[float, float]:
        """Return the shortest and the longest length of a face clip in seconds.

        Raises:
            ConfigError: `max_sec` is set for a labelled set.
        """
        if labelled and self.max_sec is not None:
            raise ConfigError(f'{self.dataset}: max_sec is for corpora; a clip with a label is not cut')
        if labelled:
            return self.min_sec or 0.0, float('inf')
        return 1.0 if self.min_sec is None else self.min_sec, 10.0 if self.max_sec is None else self.max_sec

    def cropper(self, labelled: bool) -> dict[str, Any]:
        """Return the configuration of the face cropper."""
        from mmavf.faces.detector_name import detector_config

        min_sec = self.lengths_sec(labelled)[0]
        return dict(
            detector=detector_config(self.detector), min_sec=min_sec, size=self.size, align_eyes=self.align_eyes
        )

    def pack_config(self) -> dict[str, Any]:
        """Return the configuration of the pack."""
        return dict(type=PACK_TYPES[self.pack], **self.pack_options)

    def record(self) -> dict[str, Any]:
        """Return the settings for the manifest: files by name and hash, without folders of this machine."""
        settings = asdict(self)
        if self.audio_channel is None:  # so that preparations from before this setting existed can continue
            del settings['audio_channel']
        kind, _, file = self.detector.partition(':')
        if file:
            settings['detector'] = f'{kind}:{Path(file).name}'
            settings['detector_sha256'] = source_sha256(Path(file))
        # the contents of a file named by an option are covered by the hash of the index
        options = {name: Path(value).name if _is_path(value) else value for name, value in self.options.items()}
        return settings | dict(options=options)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and Path(value).is_absolute()


def source_sha256(path: Path) -> str | None:
    """Return the SHA-256 of a file; of a folder that of its files' names and hashes; None if it cannot be read.

    A pipe or device has no contents to hash, and may never end.
    """
    try:
        if path.is_file():
            return file_sha256(path)
        if not path.is_dir():
            return None
        digest = sha256()
        for file in sorted(file for file in path.iterdir() if file.is_file()):
            digest.update(os.fsencode(file.name) + f'\0{source_sha256(file)}\n'.encode())
    except OSError:
        return None
    return digest.hexdigest()
