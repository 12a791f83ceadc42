"""The page in which a visitor uploads or records a clip, on Gradio."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from mmavf.errors import ClipError

from .analysis import Analysis
from .shelf import Clip, Shelf

WAITING = 16  # visitors, at most
CSS = """
.gradio-container { max-width: 60rem !important; margin: 0 auto !important; }
#player iframe { display: block; width: 100%; border: 0; min-height: 20rem; }
.problem { color: #b00020; font-weight: 600; overflow-wrap: anywhere; }
.dark .problem { color: #ff8a80; }
"""


def build_blocks(analysis: Analysis, shelf: Shelf) -> gr.Blocks:
    """Return the page.

    Args:
        analysis: What happens to a clip.
        shelf: Where clips are kept.
    """
    visits = Visits(analysis, shelf)
    with gr.Blocks(title='mmavf', analytics_enabled=False) as blocks:
        gr.Markdown(_introduction(analysis))
        uploaded, recorded = _fields(analysis)
        status, player = gr.HTML(elem_id='status'), gr.HTML(elem_id='player')
        forget = gr.Button('Delete my clip', visible=False)
        shown = [status, player, forget]
        for field, event in ((uploaded, uploaded.upload), (recorded, recorded.stop_recording)):
            event(visits.take, field, [field, *shown], queue=False, api_visibility='private').then(
                visits.analyse, None, shown, api_visibility='private', concurrency_limit=1, concurrency_id='model'
            )
        forget.click(visits.forget, None, shown, queue=False, api_visibility='private')
        blocks.unload(visits.leave)
    return blocks.queue(max_size=WAITING)


class Visits:
    """What the page does at each event; a visitor is known by the session of the open page.

    Args:
        analysis: What happens to a clip.
        shelf: Where clips are kept.
    """

    def __init__(self, analysis: Analysis, shelf: Shelf) -> None:
        self._analysis, self._shelf = analysis, shelf

    def take(self, path: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Put an upload on the shelf; empty its field and the last answer."""
        if path is None:
            return None, gr.skip(), gr.skip(), gr.skip()
        try:
            clip = self._shelf.put(_visitor(request), Path(path))
        except FileNotFoundError:  # another visitor, whose turn has ended, sent the same file
            return None, *_problem('The upload is gone. Please upload the file again.')
        return None, f'{escape(clip.name)} is waiting for its turn.', '', gr.Button(visible=False)

    def analyse(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> tuple[Any, ...]:  # noqa: B008
        """Predict, and show the player, or why not."""
        clip = self._shelf.of(_visitor(request))
        if clip is None or not clip.source.exists():
            return gr.skip(), gr.skip(), gr.skip()

        def advance(done: int, count: int) -> None:
            """Show how far the prediction is, and stop it once the visitor has left."""
            if not clip.folder.exists():
                raise ClipError(f'{clip.name}: the visitor has left')
            progress((done, count), desc='Predicting', unit='windows')

        progress(0, desc='Looking for faces')
        try:
            self._analysis.run(clip, advance)
        except (ClipError, OSError) as error:
            if not clip.folder.exists():  # the visitor has left, or has another clip
                return gr.skip(), gr.skip(), gr.skip()
            self._shelf.remove(_visitor(request))
            if isinstance(error, OSError):
                raise
            return _problem(str(error))
        return '', _frame(clip), gr.Button(visible=True)

    def forget(self, request: gr.Request) -> tuple[Any, ...]:
        """Delete the files of the visitor, who asked for it."""
        self.leave(request)
        return 'Your clip and its results are deleted.', '', gr.Button(visible=False)

    def leave(self, request: gr.Request) -> None:
        """Delete the files of the visitor, who closed the page."""
        self._shelf.remove(_visitor(request))


def _fields(analysis: Analysis) -> tuple[gr.File, Any]:
    """Return the fields for a file and for a recording: by the camera, or the microphone if the model only listens."""
    sees = 'video' in analysis.infer.info.modalities
    with gr.Tab('Upload'):
        uploaded = gr.File(label='Video or sound' if sees else 'Sound or video', height=140)
    with gr.Tab('Record'):
        if sees:
            # an ffmpeg executable would turn a mirrored picture back, and take the sound away
            options = gr.WebcamOptions(mirror=False)
            recorded = gr.Video(
                sources=['webcam'], label='Camera', webcam_options=options, include_audio=True, height=320
            )
        else:
            recorded = gr.Audio(sources=['microphone'], label='Microphone', type='filepath')
    return uploaded, recorded


def _introduction(analysis: Analysis) -> str:
    info, limits = analysis.infer.info, analysis.limits
    does = ' and '.join({'video': 'looks at faces', 'audio': 'listens to sound'}[kind] for kind in info.modalities)
    return (
        f'# Emotion over time\nThe model **{escape(info.name)}** {does}. '
        f'Clips may have {limits.max_sec:g} seconds and {limits.max_mb:g} MB. No other service gets your clip; it is '
        'deleted when you close this page.'
    )


def _frame(clip: Clip) -> str:
    return f'<iframe src="clips/{clip.token}/" title="{escape(clip.name)}" allow="fullscreen"></iframe>'


def _problem(text: str) -> tuple[Any, ...]:
    return f'<div class="problem">{escape(text)}</div>', '', gr.Button(visible=False)


def _visitor(request: gr.Request) -> str:
    return str(request.session_hash)
