"""Faces that somebody else has found already."""

from pathlib import Path

import numpy as np
import pandas as pd

from mmavf.errors import ClipError, ConfigError
from mmavf.registry import FACE_DETECTORS

from .detector import Face, FaceDetector

BOX_COLUMNS = ('id', 'frame', 'x', 'y', 'w', 'h')
LANDMARKS = 68
LEFT_EYE, RIGHT_EYE = range(36, 42), range(42, 48)  # of the picture, in the usual order of 68 landmarks
OPENFACE_COLUMNS = ('frame', 'confidence', 'success', *(f'{axis}_{i}' for axis in 'xy' for i in range(LANDMARKS)))

Boxes = dict[int, list[Face]]


@FACE_DETECTORS.register_module()
class BoxFileDetector(FaceDetector):
    """Faces read from files; a frame that they do not name has no face.

    Args:
        path: A csv with the columns `id,frame,x,y,w,h`: id of the clip, number of the frame from 0, box in pixels. Or
            a folder with what OpenFace writes for each clip, `<id>.csv` (frames from 1, 68 landmarks `x_0` to `y_67`):
            the box encloses the landmarks of rows with `success` 1, eyes are the means of theirs. Frames and pixels
            are those of the clip as it is read: from its start on, upright, and of its half of the picture.
        eyes: Whether eyes are wanted; only OpenFace's files have them.

    Raises:
        ConfigError: There is no such path, it is not such a csv, or eyes are wanted of a file of boxes.
    """

    def __init__(self, path: str, eyes: bool = False) -> None:
        super().__init__(eyes)
        self._path = Path(path)
        self._is_folder = self._path.is_dir()
        self._clip: tuple[str, Boxes] = '', {}
        if self._is_folder:
            return
        if eyes:
            raise ConfigError(f'BoxFileDetector: {path} holds boxes without eyes: crops cannot be aligned by them')
        self._tables = dict(tuple(_read(self._path, path, BOX_COLUMNS, ConfigError).groupby('id')))

    def detect(self, frame: np.ndarray, clip_id: str, frame_index: int) -> list[Face]:
        """Return the faces; see the base class.

        Raises:
            ClipError: The files do not name the clip, or OpenFace's file of it cannot be read.
        """
        if self._clip[0] != clip_id:
            self._clip = clip_id, self._openface(clip_id) if self._is_folder else self._boxes(clip_id)
        return self._clip[1].get(frame_index, [])

    def _boxes(self, clip_id: str) -> Boxes:
        if clip_id not in self._tables:
            raise ClipError(f'{clip_id}: no box of this clip in {self._path.name}')
        boxes: Boxes = {}
        for row in self._tables[clip_id].itertuples():
            boxes.setdefault(int(row.frame), []).append(Face((row.x, row.y, row.w, row.h), 1.0))
        return boxes

    def _openface(self, clip_id: str) -> Boxes:
        path = self._path / f'{clip_id}.csv'
        if not path.exists():
            raise ClipError(f'{clip_id}: no csv of this clip in the folder of OpenFace files')
        table = _read(path, f'{clip_id}: csv of OpenFace', OPENFACE_COLUMNS, ClipError)
        table = table[table['success'] == 1]
        columns = table[list(OPENFACE_COLUMNS[3:])].to_numpy(float)
        points = columns.reshape(-1, 2, LANDMARKS).swapaxes(1, 2)  # (n, 2 * 68) -> (n, 68, 2)
        boxes: Boxes = {}
        for number, score, shape in zip(table['frame'], table['confidence'], points, strict=True):
            corner = shape.min(0)
            eyes = tuple(tuple(shape[eye].mean(0)) for eye in (LEFT_EYE, RIGHT_EYE))
            face = Face((*corner, *(shape.max(0) - corner)), float(score), eyes)
            boxes.setdefault(int(number) - 1, []).append(face)
        return boxes


def _read(path: Path, name: str, columns: tuple[str, ...], error_type: type[Exception]) -> pd.DataFrame:
    """Return the columns of a csv that errors call `name`."""
    try:
        # OpenFace writes a blank after each comma; ids may be digits with leading zeros
        table = pd.read_csv(path, skipinitialspace=True, usecols=lambda name: name in columns, dtype={'id': str})
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise error_type(f'{name}: cannot be read as csv ({getattr(error, "strerror", None) or error})') from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise error_type(f'{name}: there is no column {", ".join(missing[:5])}')
    if table.isna().any(axis=None):
        raise error_type(f'{name}: line {int(table.isna().any(axis=1).argmax()) + 2} lacks a value')
    return table
