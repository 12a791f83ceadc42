"""MAFW: single (11 classes) and compound (43 classes) expressions in the wild, with the owners' face frames."""

import re
from collections.abc import Sequence
from pathlib import Path

from mmavf.datasets.targets import CARDS
from mmavf.errors import RawDataError
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet
from .lines import read_lines
from .matching import sound_by_name, subfolders
from .official_folds import Listed, face_clips

SINGLE = CARDS['mafw11'].classes
SPLITS = ('Train_Test_Set', 'Train & Test Set')


@RAW_SETS.register_module(name=['mafw11', 'mafw43'])
class MAFW(RawSet):
    """MAFW; the owners' face frames are used as they are.

    Args:
        raw: The folder with the raw files.
        name: `mafw11` or `mafw43`.
        lists: Folder with `set_1` to `set_5`, relative to `raw`; '' for where `layout` says.
    """

    layout = """\
data/frames/00025/*.jpg                     the owners' face frames (or frames/)
data/clips/00025.mp4                        the clips, for their sound (or clips/)
data/audio_16k/00025.wav                    sound, where it is extracted already; it is preferred
Train_Test_Set/single/no_caption/set_K/train.txt, test.txt    mafw11, K = 1 to 5, rows `00025.mp4 anger`
Train_Test_Set/compound/no_caption/set_K/train.txt, test.txt  mafw43, rows `20045.mp4 anger_disgust` (or multi/)
The folder of the compound lists is not checked against the set: the option `lists` names another one. Frame rates of
the face frames are not known: frames are taken to be spread evenly over the sound."""

    def __init__(self, raw: str | Path, name: str, lists: str = '') -> None:
        super().__init__(raw, name)
        kinds = ('single',) if name == 'mafw11' else ('compound', 'multi')
        usual = [f'{splits}/{kind}/no_caption' for kind in kinds for splits in SPLITS]
        self.lists = lists or self.relative(self.require(*usual))

    def class_names(self, clips: Sequence[RawClip]) -> list[str]:
        """Return the 11 single classes, and for `mafw43` after them those of the lists that are made of several."""
        if self.name == 'mafw11':
            return list(SINGLE)
        return [*SINGLE, *sorted({row.label for row in self._rows() if self._class_of(row.label)} - {*SINGLE})]

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        frames = subfolders(self, self.require('data/frames', 'frames'))
        sound, doubles = self._sound()
        clips, left_out = face_clips(self._rows(), frames, sound, self._class_of)
        return RawIndex(clips, left_out + doubles)

    def _sound(self) -> tuple[dict[str, str], list[LeftOut]]:
        extracted, clips = ('data/audio_16k', 'audio_16k'), ('data/clips', 'clips')
        self.require(*clips, *extracted)
        return sound_by_name(self, [self.find(*extracted), self.find(*clips)])

    def _class_of(self, label: str) -> str | None:
        parts = label.split('_')
        return label if set(parts) <= set(SINGLE) and (len(parts) == 1 or self.name == 'mafw43') else None

    def _rows(self) -> list[Listed]:
        rows = []
        for fold in '12345':
            for part in ('train', 'test'):
                path = self.require(f'{self.lists}/set_{fold}/{part}.txt')
                for number, line in enumerate(read_lines(path), start=1):
                    if line:
                        rows.append(_listed(line, fold if part == 'test' else '', f'{path}:{number}'))
        return rows


def _listed(line: str, fold: str, where: str) -> Listed:
    name, _, label = line.replace('\t', ' ').partition(' ')
    words = re.findall(r'[a-z]+', label.lower())
    if not words:
        raise RawDataError(f'{where}: expected a clip and its class, as in `00025.mp4 anger`, not {line!r}')
    return Listed(name.removesuffix('.mp4'), '_'.join(words), fold)
