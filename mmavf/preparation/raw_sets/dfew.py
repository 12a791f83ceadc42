"""DFEW: seven expressions in films, with the owners' face frames."""

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import RawIndex
from .base import RawSet
from .matching import sound_by_name, subfolders
from .official_folds import Listed, face_clips
from .tables import read_table

# the official lists number the classes from 1, in the order of the card
LABELS = {str(number): label for number, label in enumerate(CARDS['dfew'].classes, start=1)}
FRAMES = ('Clip/jpg_256', 'Clip/jpg_224', 'Clip/clip_224x224')
SOUND = ('Clip/original', 'original', 'Clip/mp4')


@RAW_SETS.register_module(name='dfew')
class DFEW(RawSet):
    """DFEW, its clips with a single label; the owners' face frames are used as they are, sound comes from the clips."""

    layout = """\
Clip/jpg_256/00001/*.jpg                                  the owners' face frames (or Clip/jpg_224, Clip/clip_224x224;
                                                          not those of 16 frames, whose times are interpolated)
Clip/original/**/1.mp4                                    the clips, for their sound (or original/, Clip/mp4)
EmoLabel_DataSplit/train(single-labeled)/set_K.csv        K = 1 to 5, columns video_name, label (1 to 7)
EmoLabel_DataSplit/test(single-labeled)/set_K.csv
The place of the clips with sound is not checked against the set. Frame rates of the face frames are not known: frames
are taken to be spread evenly over the sound."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        frames = subfolders(self, self.require(*FRAMES))
        sound, doubles = sound_by_name(self, [self.require(*SOUND)], _id)
        clips, left_out = face_clips(self._rows(), frames, sound, LABELS.get)
        return RawIndex(clips, left_out + doubles)

    def _rows(self) -> list[Listed]:
        rows = []
        for fold in '12345':
            for part in ('train', 'test'):
                path = self.require(f'EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv')
                table = read_table(path, dict(name='video_name', label='label'))
                rows += [Listed(_id(row['name']), row['label'], fold if part == 'test' else '') for row in table]
        return rows


def _id(name: str) -> str:
    """Return the five digits of a clip: lists and clips say 1 or 00001."""
    return name.zfill(5)
