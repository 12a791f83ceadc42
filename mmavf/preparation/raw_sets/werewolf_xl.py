"""Werewolf-XL: players of a game of deception, with arousal, valence and dominance."""

import math
from pathlib import Path

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import SOUND_SUFFIXES, RawSet
from .matching import by_name, unheard, unmatched
from .tables import read_table

TABLES = ('labels.csv', 'labels.xlsx')


@RAW_SETS.register_module(name='werewolf_xl')
class WerewolfXL(RawSet):
    """Werewolf-XL; the three numbers are told apart by the names of their columns alone.

    Args:
        raw: The folder with the raw files.
        name: `werewolf_xl`.
        labels: The table with the numbers, relative to `raw`; '' for where `layout` says.
    """

    layout = """\
labels.csv                              columns name (or video, clip, filename), arousal, valence, dominance, in any
                                        order (or labels.xlsx; the option `labels` names another table). Tables without
                                        a header are refused: the order of their columns is nowhere documented.
**/01_01_128.mp4                        the first field is the group, 01 to 30; any kind of video, in any folders
**/01_01_128.wav                        sound; where it is missing, that of the video is taken
The layout is not checked against the set."""

    def __init__(self, raw: str | Path, name: str, labels: str = '') -> None:
        super().__init__(raw, name)
        self.labels = self.require(labels) if labels else self.require(*TABLES)

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        dims = CARDS['werewolf_xl'].dims
        columns = dict(name=('name', 'video', 'clip', 'filename'), **{dim: dim for dim in dims})
        rows = read_table(self.labels, columns)
        names = [Path(row['name']).stem for row in rows]
        videos, left_out = by_name(self, self.files())
        sound, doubles = by_name(self, self.files(suffixes=SOUND_SUFFIXES))
        left_out += [*doubles, *unheard(sound, videos), *unmatched(names, videos)]
        clips = []
        for name, row in zip(names, rows, strict=True):
            group, _, rest = name.partition('_')
            numbers = {dim: _number(row[dim]) for dim in dims}
            if name not in videos:
                continue
            if not (group.isdigit() and rest):
                left_out.append(LeftOut(name, 'the name does not begin with the group'))
            elif not all(map(math.isfinite, numbers.values())):
                left_out.append(LeftOut(name, f'one of {", ".join(dims)} is not a number'))
            else:
                audio = sound.get(name, '')
                clips.append(RawClip(id=name, video=videos[name], audio=audio, numbers=numbers, subject=group))
        return RawIndex(clips, left_out)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
