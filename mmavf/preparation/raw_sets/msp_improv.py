"""MSP-IMPROV: pairs of actors who improvise, and what listeners perceive."""

import re
from collections import defaultdict

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import SOUND_SUFFIXES, RawSet
from .lines import read_lines
from .matching import by_name, unheard, unmatched, unusable

# sentence and intended emotion, speaker, scenario, turn; the sheet says UTD-IMPROV-, files MSP-IMPROV-
NAME = re.compile(r'(?:UTD|MSP)-IMPROV-(?P<turn>S\d\d[A-Z]-(?P<speaker>[FM]\d\d)-[A-Z]-[A-Z]+\d+)')
ROW = re.compile(NAME.pattern + r'\.avi;\s*(?P<label>[A-Z])\s*;')


@RAW_SETS.register_module(name='msp_improv')
class MSPImprov(RawSet):
    """MSP-IMPROV with the perceived emotion, not the intended one in the file names."""

    layout = """\
Evalution.txt (sic, or Evaluation.txt)             rows `UTD-IMPROV-S01A-F01-P-FM01.avi; N; A:2.2; ...`: the perceived
                                                   emotion, before the rows of single evaluators
**/MSP-IMPROV-S01A-F01-P-FM01.avi                  in any folders, also as UTD-IMPROV-...
**/MSP-IMPROV-S01A-F01-P-FM01.wav                  sound; where it is missing, that of the video is taken
The form of the rows is that which others' parsers read; it is not checked against the set."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        classes = CARDS['msp_improv'].classes
        labels = self._labels()
        videos, left_out = by_name(self, self.files(), _name)
        sound, doubles = by_name(self, self.files(suffixes=SOUND_SUFFIXES), _name)
        left_out += [*doubles, *unheard(sound, videos), *unmatched(labels, videos)]
        clips = []
        for name in labels.keys() & videos.keys():
            perceived = labels[name]
            if len(perceived) > 1:
                left_out.append(LeftOut(name, 'the evaluation file gives several labels'))
            elif not perceived <= {*classes}:
                left_out.append(unusable(name, *perceived))
            else:
                audio, speaker = sound.get(name, ''), name.split('-')[3]
                clips.append(RawClip(id=name, video=videos[name], audio=audio, label=min(perceived), subject=speaker))
        return RawIndex(clips, left_out)

    def _labels(self) -> dict[str, set[str]]:
        labels = defaultdict(set)
        path = self.require('Evalution.txt', 'Evaluation.txt')
        # comments of evaluators may be in any encoding; the relevant rows are ASCII
        for line in read_lines(path, encoding='latin-1'):
            if row := ROW.match(line):
                labels[f'MSP-IMPROV-{row["turn"]}'].add(row['label'])
        return labels


def _name(stem: str) -> str:
    match = NAME.fullmatch(stem)
    return f'MSP-IMPROV-{match["turn"]}' if match else stem
