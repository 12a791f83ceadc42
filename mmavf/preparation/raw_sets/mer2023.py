"""MER2023: clips of films and series with six emotions; MER-MULTI tests on its first test set."""

from collections.abc import Sequence
from pathlib import Path

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet
from .matching import by_name, unmatched, unusable
from .tables import read_table

PARTS = dict(train='train', test='test1')  # fold → its folder and the beginning of its label file


@RAW_SETS.register_module(name='mer_multi')
class MER2023(RawSet):
    """MER2023's Train&Val, fold `train`, and its test set MER-MULTI, fold `test`."""

    layout = """\
train/*.avi, train-label.csv            Train&Val (or .mp4); columns name, discrete (the class)
test1/*.avi, test1-label.csv            MER-MULTI"""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        clips, left_out = [], []
        for fold, part in PARTS.items():
            found, missing = self._part(fold, part)
            clips += found
            left_out += missing
        return RawIndex(clips, left_out)

    def _part(self, fold: str, part: str) -> RawIndex:
        labels, left_out = read_labels(self.require(f'{part}-label.csv'), CARDS[self.name].classes)
        videos, doubles = by_name(self, self.files(self.relative(self.require(part))))
        left_out += doubles + unmatched([*dict(labels), *(entry.name for entry in left_out)], videos)
        clips = [
            RawClip(id=name, video=videos[name], label=label, fold=fold) for name, label in labels if name in videos
        ]
        return RawIndex(clips, left_out)


def read_labels(path: Path, classes: Sequence[str]) -> tuple[list[tuple[str, str]], list[LeftOut]]:
    """Read a file of labels as MER2023 and MER24 have it, with columns `name` and `discrete`.

    Args:
        path: The file.
        classes: Names of the classes.

    Returns:
        Name and class of each clip, and the clips whose label is not a class.

    Raises:
        RawDataError: The file cannot be read, or lacks a column.
    """
    rows = read_table(path, dict(name='name', label='discrete'))
    labels = [(row['name'], row['label'].lower()) for row in rows]
    left_out = [unusable(name, label) for name, label in labels if label not in classes]
    return [(name, label) for name, label in labels if label in classes], left_out
