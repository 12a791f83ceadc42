"""MER2023: clips of films and series with six emotions; MER-MULTI tests on its first test set."""

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import RawClip, RawIndex
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
        rows = read_table(self.require(f'{part}-label.csv'), dict(name='name', label='discrete'))
        videos, left_out = by_name(self, self.files(self.relative(self.require(part))))
        left_out += unmatched([row['name'] for row in rows], videos)
        clips = []
        for row in rows:
            name, label = row['name'], row['label'].lower()
            if label not in CARDS[self.name].classes:
                left_out.append(unusable(name, label))
            elif name in videos:
                clips.append(RawClip(id=name, video=videos[name], label=label, fold=fold))
        return RawIndex(clips, left_out)
