"""eNTERFACE05: people who speak sentences in six emotions."""

import re

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet

PLACE = re.compile(
    r'(?:.*/)?subject[ _-]?(?P<subject>\d+)/(?P<emotion>[a-z]+)/'
    r'(?:sentence[ _-]?(?P<folder>\d+)/.*|(?:[^/]*/)*[^/]*?(?P<file>\d+)\.\w+)'
)
CLASSES = CARDS['enterface05'].classes


@RAW_SETS.register_module(name='enterface05')
class ENTERFACE05(RawSet):
    """eNTERFACE05; ids are subject, emotion and sentence, such as 1_anger_2."""

    layout = """\
**/subject 1/anger/sentence 2/s1_an_2.avi    subject, emotion and sentence, with sound; any kind of video
The folder of the sentence counts (some files carry the number of another); without one, the last number in the file's
name. Names are those that others' tools read; they are not checked against the set. Recordings that are not cut into
sentences, as subject 6/anger.avi, are left out."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        clips: dict[str, RawClip] = {}
        left_out = []
        for path in map(self.relative, self.files()):
            place = PLACE.fullmatch(path.lower())
            if not place or place['emotion'] not in CLASSES:
                left_out.append(LeftOut(path, 'not in a folder of a subject and an emotion, or without a number'))
                continue
            subject, emotion = str(int(place['subject'])), place['emotion']
            name = f'{subject}_{emotion}_{int(place["folder"] or place["file"])}'
            if name in clips:
                left_out.append(LeftOut(path, 'another file of this clip is taken'))
            else:
                clips[name] = RawClip(id=name, video=path, label=emotion, subject=subject)
        return RawIndex(list(clips.values()), left_out)
