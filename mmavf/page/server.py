"""The server of the page: Gradio's application and the player's addresses, behind a guard."""

import os
import socket
from collections.abc import Callable

from mmavf.errors import MachineError

from .analysis import MB, Analysis
from .guard import App, Guard
from .shelf import Shelf

OPEN_SEC = 2  # that open connections, such as an open page, have when the server ends


def build_app(analysis: Analysis, shelf: Shelf) -> App:
    """Return the page as an ASGI application. Gradio is told to ask nobody; its uploads go to the shelf's folder.

    Args:
        analysis: What happens to a clip.
        shelf: Where clips are kept; it outlives the application.
    """
    # read when Gradio is imported, or when it makes an application
    os.environ.update(GRADIO_ANALYTICS_ENABLED='False', HF_HUB_OFFLINE='1', GRADIO_TEMP_DIR=str(shelf.uploads))
    import gradio as gr
    from fastapi import FastAPI

    from .blocks import CSS, build_blocks
    from .routes import player_router

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(player_router(shelf))
    limit = round(MB * analysis.limits.max_mb)
    blocks = build_blocks(analysis, shelf)
    gr.mount_gradio_app(
        app, blocks, path='/', max_file_size=limit, ssr_mode=False, css=CSS, footer_links=[], show_error=False
    )
    return Guard(app)


def serve(analysis: Analysis, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C or SIGTERM; then remove all files of visitors.

    Args:
        analysis: What happens to a clip.
        host: Address of this machine to listen at.
        port: Port; 0 takes a free one.
        ready: Called with the address of the page, as soon as it can be opened.

    Raises:
        MachineError: The address cannot be listened at.
    """
    import uvicorn

    with listen(host, port) as opened, Shelf() as shelf:
        app = build_app(analysis, shelf)
        named = f'[{host}]' if ':' in host else host
        ready(f'http://{named}:{opened.getsockname()[1]}')
        config = uvicorn.Config(app, log_level='warning', timeout_graceful_shutdown=OPEN_SEC)
        uvicorn.Server(config).run(sockets=[opened])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        MachineError: That is not possible.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((str(place[0]), port), family=family)
    except OSError as error:
        raise MachineError(
            f'cannot listen at {host}, port {port} ({error.strerror or error}): choose another --port or --host'
        ) from error
