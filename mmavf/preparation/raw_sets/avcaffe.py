"""AVCAffe: people who solve tasks together online, and how they say they felt."""

import re

from mmavf.datasets.targets import CARDS
from mmavf.errors import RawDataError
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet
from .lines import read_lines
from .matching import by_name, unusable

# participant and task, which segments share
GROUP = re.compile(r'(aiim\d{3})_task_\d+')


@RAW_SETS.register_module(name=['avcaffe_arousal', 'avcaffe_valence'])
class AVCAffe(RawSet):
    """AVCAffe's short segments; those in which nobody speaks are kept, for scores are averaged over all of a task."""

    layout = """\
videos/shorter_segments/aiim001/task_1/aiim001_task_1_*.avi     segments; names begin with participant and task
ground_truths/arousal.txt, valence.txt                          rows `aiim001_task_1, Calm`
Not checked against the set: that names of segments begin so, that labels are words, and whether the segments that
info/no_audio_files.txt names have a sound track: silent ones are kept and reported, those without a track left out."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        labels = self._labels()
        segments, left_out = by_name(self, self.files(self.relative(self.require('videos/shorter_segments'))))
        spelling = {label.lower(): label for label in CARDS[self.name].classes}
        clips, groups = [], set()
        for name, video in segments.items():
            match = GROUP.match(name)
            group = match[0] if match else ''
            groups.add(group)
            label = labels.get(group, '')
            if not match:
                left_out.append(LeftOut(video, 'the name does not begin with participant and task'))
            elif not label:
                left_out.append(LeftOut(name, 'media without a label'))
            elif label.lower() not in spelling:
                left_out.append(unusable(name, label))
            else:
                spelt = spelling[label.lower()]
                clips.append(RawClip(id=name, video=video, label=spelt, subject=match[1], group=group))
        left_out += [LeftOut(group, 'a label without media') for group in labels.keys() - groups]
        return RawIndex(clips, left_out)

    def _labels(self) -> dict[str, str]:
        path = self.require(f'ground_truths/{self.name.removeprefix("avcaffe_")}.txt')
        labels: dict[str, str] = {}
        for number, line in enumerate(read_lines(path), start=1):
            if not line:
                continue
            group, comma, label = map(str.strip, line.partition(','))
            if not comma:
                raise RawDataError(f'{path}:{number}: expected `aiim001_task_1, label`, not {line!r}')
            if labels.setdefault(group, label) != label:
                raise RawDataError(f'{path}:{number}: {group} has another label in an earlier row: {labels[group]}')
        return labels
