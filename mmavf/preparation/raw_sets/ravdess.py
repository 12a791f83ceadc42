"""RAVDESS: actors who speak two sentences in eight emotions."""

import re

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import SOUND_SUFFIXES, RawSet
from .matching import by_name, unusable

NAME = re.compile(r'(?P<modality>0[123])-(?P<clip>(?P<channel>\d\d)-(?P<emotion>\d\d)-\d\d-\d\d-\d\d-(?P<actor>\d\d))')
CLASSES = dict(zip((f'{number:02d}' for number in range(1, 9)), CARDS['ravdess'].classes, strict=True))


@RAW_SETS.register_module(name='ravdess')
class RAVDESS(RawSet):
    """RAVDESS, the spoken part: faces from the files without sound (02-), sound from those without a picture (03-)."""

    layout = """\
**/02-01-06-01-02-01-12.mp4             modality-channel-emotion-intensity-statement-repetition-actor, in any folders:
**/03-01-06-01-02-01-12.wav             02- gives the face, 03- the sound; 01- is not needed, channel 02 is song"""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        videos, left_out = by_name(self, self.files())
        sound, doubles = by_name(self, self.files(suffixes=SOUND_SUFFIXES))
        left_out += doubles
        faces: dict[str, re.Match] = {}
        voices: dict[str, str] = {}
        for name, path in [*videos.items(), *sound.items()]:
            match = NAME.fullmatch(name)
            if not match:
                left_out.append(LeftOut(path, 'the name is not seven fields of two digits'))
            elif match['channel'] != '01':
                left_out.append(LeftOut(name, 'not speech'))
            elif match['modality'] == '01':
                left_out.append(LeftOut(name, 'full audio-video: 02- and 03- are taken'))
            elif match['modality'] == '02' and name not in videos:
                left_out.append(LeftOut(name, 'a sound with the name of a video (02-)'))
            elif match['modality'] == '02':
                faces[match['clip']] = match
            else:
                voices[match['clip']] = path
        left_out += [LeftOut(name, 'no video (02-)') for name in voices.keys() - faces.keys()]
        left_out += [LeftOut(name, 'no sound (03-)') for name in faces.keys() - voices.keys()]
        clips = []
        for name in faces.keys() & voices.keys():
            match = faces[name]
            if match['emotion'] in CLASSES:
                video, label, subject = videos[match[0]], CLASSES[match['emotion']], match['actor']
                clips.append(RawClip(id=name, video=video, audio=voices[name], label=label, subject=subject))
            else:
                left_out.append(unusable(name, match['emotion']))
        return RawIndex(clips, left_out)
