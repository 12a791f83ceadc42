"""FERV39k: seven expressions in 22 scenes, with the owners' face frames."""

from mmavf.datasets.targets import CARDS
from mmavf.errors import RawDataError
from mmavf.registry import RAW_SETS

from ..raw_clip import LeftOut, RawClip, RawIndex
from .base import RawSet
from .lines import read_lines
from .matching import subfolders, unmatched, unusable

LISTS = dict(train='train_All.csv', test='test_All.csv')  # fold → its list
CLASSES = CARDS['ferv39k'].classes


@RAW_SETS.register_module(name='ferv39k')
class FERV39k(RawSet):
    """FERV39k; the owners' face frames are used as they are. Ids are scene, class and number: Action_Happy_0267."""

    layout = """\
2_ClipsforFaceCrop/Action/Happy/0267/*.jpg      the owners' face frames: scene, class, clip
4_setups/All_scenes/train_All.csv, test_All.csv  rows `Action/Happy/0267 Happy` (or All_scenes/)
Names are those that others' tools read; they are not checked against the set. Frame rates of the face frames are not
known: 25 per second are assumed. There is no sound."""

    def parse(self) -> RawIndex:
        """See `RawSet.index`."""
        frames = self._frames()
        listed, left_out = self._listed()
        left_out += unmatched([*listed, *(entry.name for entry in left_out)], frames)
        clips = []
        for name, (label, fold) in listed.items():
            if name not in frames:
                continue
            if label.lower() not in CLASSES:
                left_out.append(unusable(name, label))
                continue
            clips.append(RawClip(id=name, video=frames[name], audio=None, label=label.lower(), fold=fold, faces=True))
        return RawIndex(clips, left_out)

    def _frames(self) -> dict[str, str]:
        """Return the folders of face frames by id."""
        top = self.require('2_ClipsforFaceCrop')
        return {
            f'{scene}_{kind}_{clip}': path
            for scene in subfolders(self, top)
            for kind in subfolders(self, top / scene)
            for clip, path in subfolders(self, top / scene / kind).items()
        }

    def _listed(self) -> tuple[dict[str, tuple[str, str]], list[LeftOut]]:
        """Return class and fold of the clips by id, and the clips with several classes or in both lists."""
        found: dict[str, set[tuple[str, str]]] = {}
        for fold, name in LISTS.items():
            path = self.require(f'4_setups/All_scenes/{name}', f'All_scenes/{name}')
            for number, line in enumerate(read_lines(path), start=1):
                clip, _, label = line.rpartition(' ')
                if line and clip.count('/') != 2:
                    raise RawDataError(
                        f'{path}:{number}: expected a clip and its class, as in `Action/Happy/0267 Happy`, not {line!r}'
                    )
                if line:
                    found.setdefault(clip.strip().replace('/', '_'), set()).add((label, fold))
        doubles = [
            LeftOut(name, 'listed with several classes or in both lists') for name, of in found.items() if len(of) > 1
        ]
        return {name: next(iter(of)) for name, of in found.items() if len(of) == 1}, doubles
