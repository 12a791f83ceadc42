"""IEMOCAP: five sessions of two people in dialog, cut into turns."""

import re
from pathlib import Path
from typing import Literal, NamedTuple

from mmavf.datasets.targets.label_spaces import IEMOCAP_LABELS
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet
from .lines import read_lines
from .matching import by_name, unusable

ROW = re.compile(r'\[(?P<start>\d+\.?\d*) - (?P<end>\d+\.?\d*)\]\s+(?P<name>Ses\d\d[FM]\w*_[FM]\w+)\s+(?P<label>\w+)\b')


class Turn(NamedTuple):
    """What somebody says, from `start_sec` to `end_sec` of the dialog."""

    name: str
    label: str
    start_sec: float
    end_sec: float

    @property
    def dialog(self) -> str:
        """Name of the dialog, such as Ses01F_impro01."""
        return self.name.rpartition('_')[0]

    @property
    def speaker(self) -> str:
        """F or M."""
        return self.name.rpartition('_')[2][0]


@RAW_SETS.register_module(name='iemocap')
class IEMOCAP(RawSet):
    """IEMOCAP, the turns that are angry, happy, excited, neutral or sad.

    Picture and sound come from the recording of the dialog, so that both have the times of the turn.
    """

    layout = """\
Session1/dialog/EmoEvaluation/Ses01F_impro01.txt     rows `[6.2901 - 8.2357] Ses01F_impro01_F000 neu [2.5, 2.5, 2.5]`
Session1/dialog/avi/DivX/Ses01F_impro01.avi          two people side by side, with sound
... to Session5. That picture and sound of the avi have the times of the rows is not checked against the set."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        self.require('Session1/dialog/EmoEvaluation')
        videos, left_out = by_name(self, self._dialogs('avi/DivX', '.avi'))
        turns = []
        for path in self._dialogs('EmoEvaluation', '.txt'):
            rows, strange = self._turns(path)
            turns += rows
            left_out += strange
        dialogs = {turn.dialog for turn in turns}
        left_out += [LeftOut(path, 'media without a label') for name, path in videos.items() if name not in dialogs]
        clips = []
        for turn in turns:
            if turn.label not in IEMOCAP_LABELS:
                left_out.append(unusable(turn.name, turn.label))
            elif turn.dialog not in videos:
                left_out.append(LeftOut(turn.name, 'a label without media'))
            else:
                clips.append(_clip(turn, videos[turn.dialog]))
        return RawIndex(clips, left_out)

    def _dialogs(self, folder: str, suffix: str) -> list[Path]:
        """Return the files of all sessions, without those of single evaluators."""
        found = [path for n in range(1, 6) for path in self.files(f'Session{n}/dialog/{folder}', (suffix,))]
        return [path for path in found if path.match(f'{folder}/Ses*{suffix}')]

    def _turns(self, path: Path) -> tuple[list[Turn], list[LeftOut]]:
        turns, strange = [], []
        for number, line in enumerate(read_lines(path), start=1):
            row = ROW.match(line)
            if row:
                turns.append(Turn(row['name'], row['label'], float(row['start']), float(row['end'])))
            elif line.startswith('['):  # other lines are those of single evaluators
                strange.append(
                    LeftOut(f'{self.relative(path)}:{number}', 'the row is not `[start - end] turn emotion`')
                )
        return turns, strange


def _clip(turn: Turn, video: str) -> RawClip:
    # Ses01F_impro01: the sixth letter is the person who wears the markers, on the left
    half: Literal['left', 'right'] = 'left' if turn.dialog[5] == turn.speaker else 'right'
    return RawClip(
        id=turn.name,
        video=video,
        label=turn.label,
        subject=turn.name[:5] + turn.speaker,
        start_sec=turn.start_sec,
        end_sec=turn.end_sec,
        half=half,
    )
