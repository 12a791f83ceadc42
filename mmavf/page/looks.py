"""Pictures of which parts of face and spectrogram mattered, one for each window of a clip."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dataset import default_collate

from mmavf.apis.batch import precision_of
from mmavf.apis.inference.predictor import Scored
from mmavf.errors import ConfigError
from mmavf.files.atomic_file import replacing
from mmavf.visualization.attention_rollout import attention_maps
from mmavf.visualization.heat import overlay_map

FRAMES = 4  # of a window, side by side
SIDE = 128  # of a frame, in pixels
MEL_HEIGHT = 96
MEL_GREY = 150  # of the loudest place; what mattered is brighter


def look_name(track: int | None, start_sec: float) -> str:
    """Return the file name of the picture of a window."""
    return f'look_{track or 0}_{round(1e6 * start_sec)}.jpg'


class Looks:
    """Writes the pictures while a clip is predicted, by attention roll-out (see `attention_maps`).

    Models with encoders for which that is not defined get none.

    Args:
        model: A recognizer, in evaluation mode.
        folder: Where the pictures go.
    """

    def __init__(self, model: Any, folder: Path) -> None:
        self._model, self._folder = model, folder
        self._possible = True

    def add(self, scored: Scored) -> None:
        """Write the picture of a window that is in the timeline."""
        ready = scored.ready
        if not self._possible or not ready.plan.in_timeline:
            return
        batch = default_collate([ready.packed])
        try:
            with precision_of(self._model):
                maps = attention_maps(self._model, self._model.data_preprocessor(batch)['inputs'])
        except ConfigError:
            self._possible = False
            return
        given = {name: value[0].numpy() for name, value in ready.packed['inputs'].items() if name in maps}
        picture = look_of(given, {name: value[0].float().cpu().numpy() for name, value in maps.items()})
        with replacing(self._folder / look_name(ready.track, float(ready.plan.window_sec[0]))) as temporary:
            _, encoded = cv2.imencode('.jpg', picture[..., ::-1])
            temporary.write_bytes(encoded.tobytes())


def look_of(given: dict[str, np.ndarray], maps: dict[str, np.ndarray]) -> np.ndarray:
    """Return a picture: frames of the face with what mattered in colour, below them the spectrogram likewise.

    Args:
        given: Of what the model looks at: 'video', (T, H, W, 3) uint8 RGB, and 'audio', (time, mel) log-mel.
        maps: For each of them its map, as `attention_maps` gives it for one clip.

    Returns:
        (height, 512, 3) uint8 RGB.
    """
    parts = []
    if 'video' in maps:
        drawn = overlay_map(given['video'], maps['video'])
        chosen = drawn[np.linspace(0, len(drawn) - 1, FRAMES).round().astype(int)]
        parts.append(np.concatenate([cv2.resize(frame, (SIDE, SIDE)) for frame in chosen], axis=1))
    if 'audio' in maps:
        mel = given['audio'].T[::-1]  # low pitch at the bottom
        low, high = np.percentile(mel, (2, 99.8))
        grey = (MEL_GREY * ((mel - low) / max(high - low, 1e-6)).clip(0, 1)).astype(np.uint8)
        drawn = overlay_map(np.repeat(grey[None, ..., None], 3, axis=-1), maps['audio'].T[None, ::-1].copy())
        parts.append(cv2.resize(drawn[0], (FRAMES * SIDE, MEL_HEIGHT)))
    return np.concatenate(parts)
