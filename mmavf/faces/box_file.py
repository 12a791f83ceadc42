"""The face detector on boxes or landmarks in files."""

from pathlib import Path

import numpy as np
import pandas as pd

from mmavf.errors import ClipError, ConfigError
from mmavf.files.git_lfs import why_unreadable
from mmavf.lists.cells import SEPARATORS, clean_cell, whole_number
from mmavf.registry import FACE_DETECTORS

from .detector import Face

BOX_COLUMNS = ('id', 'frame', 'x', 'y', 'w', 'h')
LANDMARKS = 68
LEFT_EYE, RIGHT_EYE = range(36, 42), range(42, 48)  # of the picture, in the usual order of 68 landmarks
OPENFACE_COLUMNS = ('frame', 'confidence', 'success', *(f'{axis}_{i}' for axis in 'xy' for i in range(LANDMARKS)))

Boxes = dict[int, list[Face]]


@FACE_DETECTORS.register_module()
class BoxFileDetector:
    """Faces read from files; a frame without a row has no face.

    Neither has a frame whose numbers are missing, NaN or infinite in whatever spelling (OpenFace writes `-nan(ind)`),
    or whose box has no area.

    Args:
        path: A csv with the columns `id,frame,x,y,w,h`: id of the clip, number of the frame from 0, box in pixels. Or
            a folder with OpenFace's output for each clip, `<id>.csv` (frames from 1, 68 landmarks `x_0` to `y_67`):
            the box encloses the landmarks of rows with `success` 1, eyes are the means of theirs. Frames and pixels
            are those of the clip as it is read: from its start, upright, and only its half of the picture.
        eyes: Whether eyes are needed; only OpenFace's files have them.

    Raises:
        ConfigError: The path does not exist, is not such a csv, or eyes are needed from a file of boxes.
    """

    tight = True

    def __init__(self, path: str, eyes: bool = False) -> None:
        self._path = Path(path)
        self._is_folder = self._path.is_dir()
        self._clip: tuple[str, Boxes] = '', {}
        if self._is_folder:
            return
        if eyes:
            raise ConfigError(f'BoxFileDetector: {path} has boxes without eyes, so that crops cannot be aligned')
        self._tables = dict(tuple(_read(self._path, path, BOX_COLUMNS, ConfigError).groupby('id')))

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the faces; see `FaceDetector`.

        Raises:
            ClipError: The files do not contain the clip, or its OpenFace file cannot be read.
        """
        if self._clip[0] != clip_id:
            self._clip = clip_id, self._openface(clip_id) if self._is_folder else self._boxes(clip_id)
        return self._clip[1].get(frame_index, [])

    def _boxes(self, clip_id: str) -> Boxes:
        if clip_id not in self._tables:
            raise ClipError(f'{clip_id}: {self._path.name} has no box of this clip')
        boxes: Boxes = {}
        for row in self._tables[clip_id].itertuples():
            _add(boxes, row.frame, Face((row.x, row.y, row.w, row.h), 1.0))
        return boxes

    def _openface(self, clip_id: str) -> Boxes:
        path = self._path / f'{clip_id}.csv'
        if not path.exists():
            raise ClipError(f'{clip_id}: the folder of OpenFace files has no csv of this clip')
        table = _read(path, f'{clip_id}: csv of OpenFace', OPENFACE_COLUMNS, ClipError)
        table = table[table['success'] == 1]
        columns = table[list(OPENFACE_COLUMNS[3:])].to_numpy(float)
        points = columns.reshape(-1, 2, LANDMARKS).swapaxes(1, 2)  # (n, 2 * 68) -> (n, 68, 2)
        boxes: Boxes = {}
        for number, score, shape in zip(table['frame'], table['confidence'], points, strict=True):
            (x, y), (w, h) = shape.min(0), np.ptp(shape, axis=0)
            (x1, y1), (x2, y2) = shape[LEFT_EYE].mean(0), shape[RIGHT_EYE].mean(0)
            _add(boxes, number - 1, Face((x, y, w, h), float(score), ((x1, y1), (x2, y2))))
        return boxes


def _add(boxes: Boxes, frame: float, face: Face) -> None:
    """Add the face of a frame, unless one of its numbers is unusable."""
    _, _, width, height = face.box
    if np.isfinite([frame, *face.box, face.score]).all() and width > 0 and height > 0:
        boxes.setdefault(int(frame), []).append(face)


def _read(path: Path, name: str, columns: tuple[str, ...], error_type: type[Exception]) -> pd.DataFrame:
    """Return the columns of a csv that errors call `name`: ids as texts, numbers that cannot be read as NaN."""
    try:
        # OpenFace writes a blank after each comma; ids may be digits with leading zeros, or words such as null
        table = pd.read_csv(
            path,
            skipinitialspace=True,
            usecols=lambda column: clean_cell(column) in columns,
            dtype={'id': str},
            keep_default_na=False,
            index_col=False,  # else commas at the ends of rows move all columns by one
            low_memory=False,
        ).rename(columns=clean_cell)
    except (OSError, ValueError, OverflowError) as error:  # pandas' parser errors are ValueErrors
        reason = why_unreadable(path, f'cannot be read as csv ({getattr(error, "strerror", None) or error})')
        raise error_type(f'{name}: {reason}') from error
    if doubled := sorted(set(table.columns[table.columns.duplicated()])):
        raise error_type(f'{name}: columns that occur more than once: {", ".join(doubled)}')
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise error_type(f'{name}: {why_unreadable(path, _lack_of(path, missing))}')
    numbers = [column for column in columns if column != 'id']
    table[numbers] = table[numbers].apply(pd.to_numeric, errors='coerce')
    if 'id' in columns:
        table['id'] = table['id'].map(lambda text: whole_number(clean_cell(text)))
    return table


def _lack_of(path: Path, missing: list[str]) -> str:
    """Return which columns are missing, and a possible reason."""
    with open(path, encoding='utf-8', errors='replace') as file:
        header = file.readline()
    used = next((kind for separator, kind in SEPARATORS.items() if separator in header), None)
    hint = f'; its columns are separated by {used}: save it with commas' if used else ''
    return f'there is no column {", ".join(missing[:5])}{hint}'
