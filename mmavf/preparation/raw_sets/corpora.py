"""Corpora without labels, for pre-training."""

import csv
import json
import re
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmavf.errors import RawDataError
from mmavf.files.git_lfs import why_unreadable
from mmavf.lists.cells import clean_cell
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import SOUND_SUFFIXES, VIDEO_SUFFIXES, RawSet
from .matching import unheard
from .path_ids import safe_id

SPEAKER = re.compile(r'id\d+')


class VideoCorpus(RawSet):
    """Every video file below the raw folder is a clip; sound of the same name counts instead of the video's own.

    Args:
        raw: See `RawSet`.
        name: See `RawSet`.
        cropped: The videos show cropped faces already and are used as they are.
    """

    labelled = False

    def __init__(self, raw: str | Path, name: str, cropped: bool = False) -> None:
        super().__init__(raw, name)
        self.cropped = cropped

    def name_of(self, path: str) -> str:
        """Return the name that video and sound of a clip share, '' where the file belongs to no clip.

        Args:
            path: Relative to the raw folder.
        """
        return Path(path).stem

    def by_name(self, suffixes: tuple[str, ...], folder: str = '.') -> tuple[dict[str, str], list[LeftOut]]:
        """Return files by the name of their clip, and those that are not taken."""
        found: dict[str, str] = {}
        left_out = []
        for path in map(self.relative, self.files(folder, suffixes)):
            name = self.name_of(path)
            if not name:
                left_out.append(LeftOut(path, 'nothing in its path names a clip'))
            elif found.setdefault(name, path) != path:
                left_out.append(LeftOut(path, 'another file of the same name is taken'))
        return found, left_out

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        videos, left_out = self.by_name(VIDEO_SUFFIXES)
        sounds, unused = self.by_name(SOUND_SUFFIXES)
        left_out += [*unused, *unheard(sounds, videos)]
        clips = [self.clip(name, path, sounds.get(name, '')) for name, path in videos.items()]
        return RawIndex(clips, left_out)

    def clip(self, name: str, video: str, audio: str, **fields: Any) -> RawClip:
        """Return a clip of the corpus."""
        return RawClip(id=safe_id(name), video=video, audio=audio, faces=self.cropped, **fields)


class SpeakerCorpus(VideoCorpus):
    """A corpus with a folder per speaker; what follows it in a path names the clip."""

    def name_of(self, path: str) -> str:
        """See `VideoCorpus`."""
        parts = Path(path).with_suffix('').parts
        speaker = next((place for place, part in enumerate(parts[:-1]) if SPEAKER.fullmatch(part)), len(parts))
        return '_'.join(parts[speaker:])

    def clip(self, name: str, video: str, audio: str, **fields: Any) -> RawClip:
        """See `VideoCorpus`."""
        return super().clip(name, video, audio, subject=name.split('_')[0], **fields)


@RAW_SETS.register_module(name='voxceleb2')
class VoxCeleb2(SpeakerCorpus):
    """VoxCeleb2; ids are speaker, video and number, such as id00012_21Uxsk56VDQ_00001.

    Args:
        raw: See `RawSet`.
        name: See `RawSet`.
        cropped: See `VideoCorpus`.
    """

    layout = """\
dev/mp4/id00012/21Uxsk56VDQ/00001.mp4   speaker, video, number; faces are cropped by the owners and used as they are
                                        (option cropped=False: faces are detected)
dev/aac/id00012/21Uxsk56VDQ/00001.m4a   sound; where it is missing, that of the mp4 is taken
Speakers of test are kept apart: everything below a folder with the word test in its name, as vox2_test_mp4, is left
out. Where no folder says dev or test, all is used, and the summary says so: such folders do not separate speakers."""

    def __init__(self, raw: str | Path, name: str, cropped: bool = True) -> None:
        super().__init__(raw, name, cropped)

    def by_name(self, suffixes: tuple[str, ...], folder: str = '.') -> tuple[dict[str, str], list[LeftOut]]:
        """See `VideoCorpus`."""
        found, left_out = super().by_name(suffixes, 'dev' if (self.raw / 'dev').is_dir() else folder)
        tests = {name for name, path in found.items() if 'test' in _words_above_speaker(path)}
        left_out += [LeftOut(found[name], 'of the test part, whose speakers stay apart') for name in tests]
        return {name: path for name, path in found.items() if name not in tests}, left_out

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        index = super().parse()
        untold = [clip.id for clip in index.clips if 'dev' not in _words_above_speaker(f'{self.raw.name}/{clip.video}')]
        if untold:
            self.notes.append(
                f'{len(untold)} clips, such as {untold[0]}, lie in no folder that says dev or test. Make sure that '
                'no speakers of the test part of VoxCeleb2 are among them.'
            )
        return index


def _words_above_speaker(path: str) -> set[str]:
    """Return the words in the names of the folders that a speaker's folder lies in."""
    parts = Path(path).parts
    speaker = next((place for place, part in enumerate(parts) if SPEAKER.fullmatch(part)), 0)
    return {word for part in parts[:speaker] for word in re.findall('[a-z]+', part.lower())}


@RAW_SETS.register_module(name='cn_celeb')
class CNCeleb(SpeakerCorpus):
    """CN-Celeb with video; ids are speaker and name, such as id00012_interview-01-001."""

    layout = """\
id00012/interview-01-001.mp4    speaker, clip, at any depth; with any kind of video
id00012/interview-01-001.flac   sound of the same speaker and name, at any depth; where it is missing, that of the video
Assumed, not checked against the set: CN-Celeb itself is sound, and its videos are taken to be named and laid out as its
sound is."""


@RAW_SETS.register_module(name='mer2024_unlabelled')
class MER2024Unlabelled(VideoCorpus):
    """The clips of MER2024 that have no label; ids are their names, such as samplenew3_00000001."""

    layout = """\
samplenew3_00000001.mp4   the clips without label and no others, at any depth; sound of the same name beside them counts
                          instead of their own
Many clips are known to have no video stream: they are left out when they are opened."""


class Segment(NamedTuple):
    """A part of a video.

    Attributes:
        name: Name of the clip.
        video: Name of the video's file without suffix.
        start_sec: Start of the clip in the video.
        end_sec: Its end.
    """

    name: str
    video: str
    start_sec: float
    end_sec: float


class SegmentCorpus(VideoCorpus):
    """A corpus with a file that says which parts of videos are clips; without the file each video is a clip.

    Args:
        raw: See `RawSet`.
        name: See `RawSet`.
        cropped: See `VideoCorpus`.
        segments: The file, relative to the raw folder; '' for the usual names.
    """

    segment_files: tuple[str, ...]

    def __init__(self, raw: str | Path, name: str, cropped: bool = False, segments: str = '') -> None:
        super().__init__(raw, name, cropped)
        self.segments = self.require(segments) if segments else self.find(*self.segment_files)

    @abstractmethod
    def read_segments(self, path: Path) -> Iterator[Segment]:
        """Yield the clips that the file names.

        Raises:
            RawDataError: The file is not as expected.
        """

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        if self.segments is None:
            return super().parse()
        videos, left_out = self.by_name(VIDEO_SUFFIXES)
        clips: dict[str, RawClip] = {}
        used, missing = set(), set()
        for segment in self.read_segments(self.segments):
            span = dict(start_sec=segment.start_sec, end_sec=segment.end_sec)
            # a file that has the clip's own name holds nothing else
            source, span = (segment.name, {}) if segment.name in videos else (segment.video, span)
            if source not in videos:
                missing.add(segment.video)
                continue
            used.add(source)
            if not 0 <= segment.start_sec < segment.end_sec:
                left_out.append(LeftOut(segment.name, 'the segment ends before it starts'))
            elif segment.name in clips:
                left_out.append(LeftOut(segment.name, 'an earlier segment has the same name'))
            else:
                clips[segment.name] = self.clip(segment.name, videos[source], '', **span)
        left_out += [LeftOut(name, 'segments without a video') for name in missing]
        left_out += [LeftOut(videos[name], 'a video without a segment') for name in videos.keys() - used]
        return RawIndex(list(clips.values()), left_out)


@RAW_SETS.register_module(name='av_speech')
class AVSpeech(SegmentCorpus):
    """AVSpeech; ids are the id of the video and the start in milliseconds, such as AvWWVOgaMlk_90000."""

    layout = """\
AvWWVOgaMlk.mp4      videos by their id, at any depth, with their own sound
avspeech_train.csv   without a header: id of the video, start, end (seconds), and a point of the face, which is not used
                     (or option segments); without the table each file is a clip that is cut already"""
    segment_files = ('avspeech_train.csv',)

    def read_segments(self, path: Path) -> Iterator[Segment]:
        """See `SegmentCorpus`."""
        try:
            with path.open(encoding='utf-8-sig', newline='') as file:
                reader = csv.reader(file)
                for row in reader:
                    if row:
                        video, start_sec, end_sec = clean_cell(row[0]), float(row[1]), float(row[2])
                        yield Segment(f'{video}_{round(1000 * start_sec)}', video, start_sec, end_sec)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise RawDataError(f'{path}: not a text table in UTF-8 that can be read ({error})') from error
        except (IndexError, ValueError, OverflowError) as error:
            expected = why_unreadable(path, 'expected video, start, end with commas between, without a header')
            raise RawDataError(f'{path}:{reader.line_num}: {expected}; found {row}') from error


@RAW_SETS.register_module(name='celebv_hq')
class CelebVHQ(SegmentCorpus):
    """CelebV-HQ; ids are those of its file, such as M2Ohb0FAaJU_1."""

    layout = """\
M2Ohb0FAaJU_1.mp4    clips by their id, cut already, or whole videos by theirs, M2Ohb0FAaJU.mp4; at any depth, with
                     their own sound
celebvhq_info.json   clips → id → ytb_id, duration → start_sec and end_sec; boxes are not used: faces are detected
                     (or option segments); without it, each file is a clip"""
    segment_files = ('celebvhq_info.json',)

    def read_segments(self, path: Path) -> Iterator[Segment]:
        """See `SegmentCorpus`."""
        try:
            clips = json.loads(path.read_text(encoding='utf-8'))['clips']
            for name, clip in clips.items():
                times = clip['duration']
                yield Segment(name, clip['ytb_id'], float(times['start_sec']), float(times['end_sec']))
        except OSError as error:
            raise RawDataError(f'{path}: the file cannot be read ({error.strerror})') from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = why_unreadable(path, f'not as expected ({type(error).__name__}: {error}). {self.expected}')
            raise RawDataError(f'{path}: {reason}') from error
