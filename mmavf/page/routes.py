"""Addresses of the player: its page, its script, and the files of a clip. Who does not know a clip's token gets 404."""

import json
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, StrictUndefined, Template

from mmavf.timeline import Timeline, read_json

from .analysis import CSV, JSON, MEDIA
from .shelf import Clip, Shelf
from .view import view_of

STATIC = Path(__file__).parent / 'static'
SCRIPTS = {'player.js': 'text/javascript', 'player.css': 'text/css'}
TYPES = {JSON: 'application/json', CSV: 'text/csv', MEDIA: 'video/mp4'}
LOOK, LOOK_TYPE = re.compile(r'look_\d+_-?\d+\.jpg'), 'image/jpeg'
PRIVATE = {'Cache-Control': 'no-store'}


def player_router(shelf: Shelf) -> APIRouter:
    """Return the routes `/player/FILE` and `/clips/TOKEN/FILE`."""
    router = APIRouter()

    @router.get('/player/{name}')
    def script(name: str) -> FileResponse:
        """Send a script or style of the player."""
        if name not in SCRIPTS:
            raise HTTPException(404)
        return FileResponse(STATIC / name, media_type=SCRIPTS[name])

    @router.get('/clips/{token}/')
    def player(token: str) -> HTMLResponse:
        """Send the player of a visitor's clip."""
        clip = _clip(shelf, token, JSON)
        looks = {path.name for path in clip.folder.glob('look_*.jpg')}
        return HTMLResponse(player_html(clip.name, read_json(clip.folder / JSON), looks), headers=PRIVATE)

    @router.get('/clips/{token}/{name}')
    def file(token: str, name: str) -> FileResponse:
        """Send a file of a clip: its timeline, its media or a picture."""
        media_type = LOOK_TYPE if LOOK.fullmatch(name) else TYPES.get(name)
        if media_type is None:
            raise HTTPException(404)
        clip = _clip(shelf, token, name)
        headers = dict(PRIVATE)
        if name in (JSON, CSV):
            saved = quote(Path(clip.name).stem + Path(name).suffix)
            headers['Content-Disposition'] = f"attachment; filename*=utf-8''{saved}"
        return FileResponse(clip.folder / name, media_type=media_type, headers=headers)

    return router


def player_html(name: str, timeline: Timeline, looks: Collection[str] = ()) -> str:
    """Return the page of the player, which names its files relative to its own address.

    Args:
        name: The name of the recording.
        timeline: Its timeline.
        looks: See `view_of`.
    """
    data = json.dumps(view_of(timeline, looks), allow_nan=False).replace('<', '\\u003c')  # ends no element
    return _template().render(
        name=name, looks=bool(looks), timeline=timeline, data=data, media=MEDIA, json=JSON, csv=CSV
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((STATIC / 'player.html').read_text(encoding='utf-8'))


def _clip(shelf: Shelf, token: str, name: str) -> Clip:
    clip = shelf.find(token)
    if clip is None or not (clip.folder / name).is_file():
        raise HTTPException(404, 'This clip is no longer here.')
    return clip
