"""Base classes of the sets of micro-expressions: a sheet with onset and offset, folders of numbered images."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmavf.datasets.media.frame_folder import is_image, number_in
from mmavf.datasets.targets.label_spaces import MICRO_LABELS
from mmavf.errors import RawDataError

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet
from .tables import Columns, read_table

SHEET_COLUMNS: Columns = dict(
    subject=('Subject',),
    file=('Filename', 'File name'),
    onset=('Onset', 'OnsetFrame', 'Onset Frame'),
    offset=('Offset', 'OffsetFrame', 'Offset Frame'),
    emotion=('Emotion', 'Estimated Emotion'),
)
# spelling in sheets and file names → spelling in the label map of the cards
SPELLINGS = dict(happy='happiness', sad='sadness', angry='anger', ne='negative', po='positive', sur='surprise')


class ImageFolder(NamedTuple):
    """A folder of images.

    Attributes:
        path: Relative to the raw folder.
        first: Smallest number of an image (see `number_in`).
        last: Largest one.
    """

    path: str
    first: int
    last: int


def micro_label(emotion: str) -> str | None:
    """Return the class as spelled in the cards' label map; None if that leaves it out or does not have it."""
    label = SPELLINGS.get(emotion.lower(), emotion.lower())
    return label if MICRO_LABELS.get(label) else None


def left_out_for(emotion: str) -> str:
    """Return the reason for leaving out clips of a class."""
    return f'class {emotion.lower()!r} is not one of negative, positive, surprise'


class MicroSet(RawSet):
    """A set of micro-expressions.

    Args:
        raw: See `RawSet`.
        name: See `RawSet`.
        images: Folder of the images, relative to the raw folder; name it where there are several versions of them.
        cropped: The images show cropped faces already and are used as they are.
    """

    fps: float
    tail: int

    def __init__(self, raw: str | Path, name: str, images: str = '.', cropped: bool = False) -> None:
        super().__init__(raw, name)
        self.images = images
        self.cropped = cropped

    def image_folders(self) -> dict[str, ImageFolder]:
        """Return the folders of numbered images by the last `tail` parts of their path, which name the clip.

        Raises:
            RawDataError: Two have the same name.
        """
        folders: dict[str, ImageFolder] = {}
        for root, names in self.walk(self.relative(self.require(self.images))):
            numbers = [number for name in filter(is_image, names) if (number := number_in(name)) is not None]
            if not numbers:
                continue
            path = self.relative(root)
            name = '/'.join(path.split('/')[-self.tail :])
            if name in folders:
                raise RawDataError(
                    f'{self.raw}: {folders[name].path} and {path} both have images of {name}: name the folder with '
                    f'the intended version of the images by the option images. {self.expected}'
                )
            folders[name] = ImageFolder(path, min(numbers), max(numbers))
        return folders


class MicroSheetSet(MicroSet):
    """A set of micro-expressions with a sheet that has one row per clip.

    Args:
        raw: See `RawSet`.
        name: See `RawSet`.
        images: See `MicroSet`.
        cropped: See `MicroSet`.
        sheet_file: The sheet, relative to the raw folder; '' for the usual names.
    """

    sheet_files: Sequence[str]
    # whether a folder of images is one clip, so that one without a row should be reported
    folder_per_clip = True

    def __init__(
        self, raw: str | Path, name: str, images: str = '.', cropped: bool = False, sheet_file: str = ''
    ) -> None:
        super().__init__(raw, name, images, cropped)
        if sheet_file:
            self.sheet_files = (sheet_file,)

    @abstractmethod
    def names_of(self, row: Mapping[str, str]) -> tuple[str, str, str]:
        """Return id, subject and name of the folder of images (see `image_folders`) of a row of the sheet.

        Raises:
            ValueError: The row does not have them.
        """

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        rows = read_table(self.require(*self.sheet_files), SHEET_COLUMNS)
        folders = self.image_folders()
        clips: dict[str, RawClip] = {}
        left_out = []
        named = set()
        for row in rows:
            try:
                clip_id, subject, folder = self.names_of(row)
            except ValueError:
                name = f'{row["subject"]} {row["file"]}'
                left_out.append(LeftOut(name, 'subject and file name in the sheet are not as expected'))
                continue
            named.add(folder)
            clip = self._clip(row, clip_id, f'{self.name}_{subject}', folders.get(folder), clips)
            if isinstance(clip, RawClip):
                clips[clip_id] = clip
            else:
                left_out.append(clip)
        if self.folder_per_clip:
            left_out += [
                LeftOut(folders[name].path, 'images without a row in the sheet') for name in folders.keys() - named
            ]
        return RawIndex(list(clips.values()), left_out)

    def _clip(
        self, row: Mapping[str, str], clip_id: str, subject: str, folder: ImageFolder | None, others: Collection[str]
    ) -> RawClip | LeftOut:
        label = micro_label(row['emotion'])
        if label is None:
            return LeftOut(clip_id, left_out_for(row['emotion']))
        if not (row['onset'].isdecimal() and row['offset'].isdecimal()):
            return LeftOut(clip_id, 'onset or offset in the sheet is not a number')
        onset, offset = int(row['onset']), int(row['offset'])
        if onset > offset:
            return LeftOut(clip_id, 'onset is after offset in the sheet')
        if folder is None:
            return LeftOut(clip_id, 'a row of the sheet without images')
        if onset < folder.first or offset > folder.last:
            return LeftOut(clip_id, 'onset to offset reaches beyond the images')
        if clip_id in others:
            return LeftOut(clip_id, 'an earlier row of the sheet names the same clip')
        return RawClip(
            id=clip_id,
            video=folder.path,
            audio=None,
            label=label,
            subject=subject,
            first_frame=onset,
            last_frame=offset,
            fps=self.fps,
            faces=self.cropped,
        )
