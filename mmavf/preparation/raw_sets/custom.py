"""The parser of any folder of videos, or of recordings of sound alone, with or without labels."""

import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from mmavf.datasets.media.frame_folder import IMAGE_SUFFIXES, is_image
from mmavf.errors import RawDataError
from mmavf.lists.cells import clean_cell, whole_number
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import SOUND_SUFFIXES, VIDEO_SUFFIXES, RawSet
from .path_ids import ids_of_paths
from .tables import read_table

# OpenFace numbers the faces of a picture, and writes the images of all of them into one folder
OPENFACE_IMAGE = re.compile(r'frame_det_(\d+)_\d+\.')
OPTIONAL = ('subject', 'fold', 'start', 'end')


class Media(NamedTuple):
    """The source of one or more clips.

    Attributes:
        path: Video file or folder of frames, or the file of sound alone, relative to the raw folder.
        stem: The path without the suffix of a file.
        audio: As in `RawClip`; `path` itself of sound alone.
    """

    path: str
    stem: str
    audio: str | None

    @property
    def video(self) -> str:
        """As in `RawClip`."""
        return '' if self.audio == self.path else self.path


@RAW_SETS.register_module(name='custom')
class Custom(RawSet):
    """A user's own videos, or recordings of sound alone.

    Ids are derived from the paths, so that they stay the same when other files change.

    Args:
        raw: See `RawSet`.
        name: See `RawSet`.
        labels: Table with labels, relative to the raw folder; '' for none.
        label_columns: Columns of the table with numbers to regress; () means that its column `label` names a class.
        label_from: 'folder': the class of a clip is the name of the first folder of its path; '' for not.
        subject_from: Where a table does not name the subject: 'folder': it is the name of the last folder of the path;
            'name': the file's name up to its first `_`; '' for not.
        fps: Frames per second of folders of frames; None if unknown.

    Raises:
        RawDataError: `labels` and `label_from` are both given, `label_from` or `subject_from` is something else, or
            `label_columns` are given without `labels`; or `fps` is no positive number.
    """

    layout = """\
any/folders/clip.mp4   videos of any kind, at any depth
any/folders/clip.wav   sound of the same name beside a video or folder of frames; without it that of the video is taken
any/folders/clip/      a folder with images and no video in it is a clip
                       without any video or folder of frames, each sound file is a clip: sound alone
labels.csv             by the option labels=labels.csv: columns file (or video, or audio: a path in the raw folder,
                       with or without suffix) and label, or those named by label_columns=[...] with numbers; and where
                       wanted subject, fold, start, end (seconds). A file may be in several rows with different times
With the option label_from='folder' the first folder of a path is the class instead; subject_from='name' takes what is
before the first _ of a file's name as the subject, subject_from='folder' the last folder of its path."""

    def __init__(
        self,
        raw: str | Path,
        name: str,
        labels: str = '',
        label_columns: Sequence[str] = (),
        label_from: str = '',
        subject_from: str = '',
        fps: float | None = None,
    ) -> None:
        super().__init__(raw, name)
        if label_from not in ('', 'folder') or (labels and label_from):
            raise RawDataError(f"{name}: labels come from a table or by label_from='folder', not {label_from!r}")
        if subject_from not in ('', 'folder', 'name'):
            raise RawDataError(f"{name}: subject_from must be 'folder' or 'name', not {subject_from!r}")
        if label_columns and not labels:
            raise RawDataError(f'{name}: the table with label_columns {list(label_columns)} is missing: labels=...')
        if fps is not None and not (isinstance(fps, int | float) and 0 < fps < math.inf):
            raise RawDataError(f'{name}: fps must be a positive number of frames per second, not {fps!r}')
        self.labels = labels
        self.label_columns = tuple(label_columns)
        self.label_from = label_from
        self.subject_from = subject_from
        self.fps = fps
        self.labelled = bool(labels or label_from)

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        media, left_out = self._media()
        ids = ids_of_paths({item.path: item.stem for item in media})
        if self.labels:
            clips, without = self._from_table(media, ids)
        else:
            clips, without = self._from_paths(media, ids)
        return RawIndex(clips, left_out + without)

    def _media(self) -> tuple[list[Media], list[LeftOut]]:
        """Return videos and folders of frames with their sound, and sound that belongs to none; or sound alone."""
        sounds: dict[str, str] = {}
        heard = [self.relative(path) for path in self.files(suffixes=SOUND_SUFFIXES)]
        for path in heard:
            # uncompressed sound is preferred
            other = sounds.get(_stem(path))
            if other is None or _sound_rank(path) < _sound_rank(other):
                sounds[_stem(path)] = path
        videos = [self.relative(path) for path in self.files()]
        media = [Media(path, _stem(path), sounds.get(_stem(path), '')) for path in videos]
        media += [Media(path, path, sounds.get(path)) for path in self._frame_folders()]
        if not media:
            return [Media(path, _stem(path), path) for path in heard], self._other_files()
        stems = {item.stem for item in media}
        left_out = [LeftOut(path, 'sound without a video') for stem, path in sounds.items() if stem not in stems]
        return media, left_out + self._other_files()

    def _other_files(self) -> list[LeftOut]:
        """Return all other files: a video with an unknown suffix is among them."""
        known = {*self.files(suffixes=(*VIDEO_SUFFIXES, *SOUND_SUFFIXES, *IMAGE_SUFFIXES))}
        others = [path for path in self.files(suffixes=('',)) if path not in known and path != self.raw / self.labels]
        return [LeftOut(self.relative(path), 'not a video, sound or image by its name') for path in others]

    def _frame_folders(self) -> list[str]:
        folders = []
        for root, names in self.walk():
            images = [name for name in names if is_image(name)]
            if root == self.raw or not images or any(name.lower().endswith(VIDEO_SUFFIXES) for name in names):
                continue
            faces = {match[1] for name in images if (match := OPENFACE_IMAGE.match(name))}
            if len(faces) > 1:
                self.leave_out(
                    root, 'images of several faces, frame_det_00_ and others: put each in a folder of its own'
                )
            else:
                folders.append(self.relative(root))
        return folders

    def _from_paths(self, media: Sequence[Media], ids: Mapping[str, str]) -> tuple[list[RawClip], list[LeftOut]]:
        clips, left_out = [], []
        for item in media:
            try:
                fields = dict(label=self._label(item), subject=self._subject(item))
            except ValueError as error:
                left_out.append(LeftOut(item.path, str(error)))
            else:
                clips.append(self._clip(item, ids[item.path], **fields))
        return clips, left_out

    def _label(self, item: Media) -> str:
        """Return the class by the path of a clip; ValueError says why there is none."""
        folders = PurePosixPath(item.path).parts[:-1]
        if self.label_from and not folders:
            raise ValueError('not in a folder that names its class')
        return clean_cell(folders[0]) if self.label_from else ''

    def _subject(self, item: Media) -> str:
        """Return the subject by the path of a clip; ValueError says why there is none."""
        if not self.subject_from:
            return ''
        *folders, name = PurePosixPath(item.path).parts
        if self.subject_from == 'name':
            subject, line, _ = name.partition('_')
            if not (subject and line):
                raise ValueError('its name does not begin with a subject and _')
            return clean_cell(subject)
        if not folders[bool(self.label_from) :]:  # the first one names the class
            raise ValueError('not in a folder that names its subject')
        return clean_cell(folders[-1])

    def _from_table(self, media: Sequence[Media], ids: Mapping[str, str]) -> tuple[list[RawClip], list[LeftOut]]:
        wanted = self.label_columns or ('label',)
        columns = dict(file=('file', 'video', 'audio'), **{name: name for name in (*OPTIONAL, *wanted)})
        rows = read_table(self.require(self.labels), columns, optional=OPTIONAL, verbatim=('file',))
        by_path = _by_path(media)
        clips: dict[str, RawClip] = {}
        left_out, named = [], set()
        for row in rows:
            name = self._in_raw(_plain(row['file']))
            item = by_path.get(name) or by_path.get(whole_number(name))
            if item is None:
                left_out.append(LeftOut(row['file'], 'a label without media'))
                continue
            named.add(item.path)
            try:
                clip = self._row_clip(item, ids[item.path], row)
            except ValueError as error:
                left_out.append(LeftOut(row['file'], str(error)))
                continue
            if clip.id in clips:
                left_out.append(LeftOut(clip.id, 'an earlier row names the same clip'))
            else:
                clips[clip.id] = clip
        left_out += [LeftOut(item.path, 'media without a label') for item in media if item.path not in named]
        return list(clips.values()), left_out

    def _in_raw(self, name: str) -> str:
        """Return a path of the table relative to the raw folder, if it is absolute and inside it."""
        path = Path(name)
        if not path.is_absolute():
            return name
        for own in (path, Path(os.path.realpath(path.parent), path.name)):
            for home in (self.raw, os.path.realpath(self.raw)):
                if own.is_relative_to(home):
                    return own.relative_to(home).as_posix()
        return name

    def _row_clip(self, item: Media, clip_id: str, row: Mapping[str, str]) -> RawClip:
        """Return the clip of a row of the table; ValueError says why there is none."""
        numbers = {name: _number(row[name], name) for name in self.label_columns}
        label = '' if self.label_columns else row['label']
        if not (numbers or label):
            raise ValueError('its label is empty')
        start_sec = _number(row['start'] or '0', 'start')
        end_sec = _number(row['end'], 'end') if row['end'] else None
        if start_sec < 0 or (end_sec is not None and end_sec <= start_sec):
            raise ValueError('its end is not after its start')
        if row['start'] or row['end']:
            end = 'end' if end_sec is None else round(1000 * end_sec)
            clip_id = f'{clip_id}_{round(1000 * start_sec)}-{end}'
        subject = row['subject'] or self._subject(item)
        fields = dict(label=label, numbers=numbers, subject=subject, fold=row['fold'])
        return self._clip(item, clip_id, start_sec=start_sec, end_sec=end_sec, **fields)

    def _clip(self, item: Media, clip_id: str, **fields: Any) -> RawClip:
        is_folder = item.path == item.stem
        return RawClip(id=clip_id, video=item.video, audio=item.audio, fps=self.fps if is_folder else None, **fields)


def _by_path(media: Sequence[Media]) -> dict[str, Media]:
    """Return media by path, and by path without suffix if that is unique."""
    count = Counter(item.stem for item in media)
    by_stem = {_plain(item.stem): item for item in media if count[item.stem] == 1}
    return {**by_stem, **{_plain(item.path): item for item in media}}


def _plain(path: str) -> str:
    # tables and file systems compose letters with marks in different ways
    return unicodedata.normalize('NFC', path.replace('\\', '/').removeprefix('./').rstrip('/'))


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(''))


def _sound_rank(path: str) -> int:
    return SOUND_SUFFIXES.index(PurePosixPath(path).suffix.lower())


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f'its {name} is not a number')
    return number
