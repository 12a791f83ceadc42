"""CREMA-D: actors who say sentences in six (or four of the six) emotions."""

import re

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import SOUND_SUFFIXES, RawSet
from .matching import by_name, unheard, unusable

NAME = re.compile(r'(?P<actor>\d{4})_[A-Z]{3}_(?P<emotion>[A-Z]{3})_[A-Z]{2}')
# almost empty, without a duration, or a minute long with every emotion: said by the owners, and found by many others
BROKEN = ('1076_MTI_NEU_XX', '1076_MTI_SAD_XX', '1064_TIE_SAD_XX', '1064_IEO_DIS_MD')


@RAW_SETS.register_module(name=['crema_d6', 'crema_d4'])
class CremaD(RawSet):
    """CREMA-D; actor and intended emotion are in the names of the files."""

    layout = """\
VideoFlash/1001_DFA_ANG_XX.flv          actor_sentence_emotion_level (or VideoMP4/, video/, with any kind of video)
AudioWAV/1001_DFA_ANG_XX.wav            sound; where it is missing, that of the video is taken
Four broken clips are left out by name, so that 7,438 remain (of four classes: 4,897). Published lists lack one more,
whose name is not known."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        classes = CARDS[self.name].classes
        videos, left_out = by_name(self, self.files(self.relative(self.require('VideoFlash', 'VideoMP4', 'video'))))
        folder = self.find('AudioWAV')
        sound, doubles = by_name(self, self.files(self.relative(folder), SOUND_SUFFIXES) if folder else [])
        left_out += [*doubles, *unheard(sound, videos)]
        clips = []
        for name, video in videos.items():
            match = NAME.fullmatch(name)
            if not match:
                left_out.append(LeftOut(video, 'the name is not actor_sentence_emotion_level'))
            elif name in BROKEN:
                left_out.append(LeftOut(name, 'known to be broken'))
            elif match['emotion'] not in classes:
                left_out.append(unusable(name, match['emotion']))
            else:
                audio, label, subject = sound.get(name, ''), match['emotion'], match['actor']
                clips.append(RawClip(id=name, video=video, audio=audio, label=label, subject=subject))
        return RawIndex(clips, left_out)
