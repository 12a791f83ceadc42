"""What browsers are told, so that no page of the server makes them ask another machine."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# Gradio's pages need inline scripts and styles, and code that they make.
PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)
PLAYER = (
    "default-src 'none'; script-src 'self'; style-src 'self'; media-src 'self'; img-src 'self'; frame-ancestors 'self'"
)
COMMON = {'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff', 'x-dns-prefetch-control': 'off'}


class Guard:
    """Adds to every answer of an ASGI application a policy by which browsers load from this server alone.

    Args:
        app: The application.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        policy = PLAYER if scope.get('path', '').startswith('/clips/') else PAGE

        async def send_guarded(message: Message) -> None:
            """Send a message, with the headers that guard the page."""
            if message['type'] == 'http.response.start':
                added = {'content-security-policy': policy, **COMMON}
                message['headers'] = [*message['headers'], *((k.encode(), v.encode()) for k, v in added.items())]
            await send(message)

        await self._app(scope, receive, send_guarded)
