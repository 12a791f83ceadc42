"""Where the page listens."""

import socket

import pytest

from mmavf.errors import MachineError
from mmavf.page.server import listen


def test_the_address_can_be_reached_from_then_on():
    with listen('127.0.0.1', 0) as opened:
        host, port = opened.getsockname()
        assert host == '127.0.0.1' and port > 0
        socket.create_connection((host, port), timeout=5).close()


def test_an_address_that_is_taken_or_elsewhere_is_named():
    with listen('127.0.0.1', 0) as opened:
        port = opened.getsockname()[1]
        with pytest.raises(MachineError, match=f'cannot listen at 127.0.0.1, port {port} .*in use.*--port'):
            listen('127.0.0.1', port)
    with pytest.raises(MachineError, match=r'cannot listen at 192\.0\.2\.1, port 0'):  # an address for examples
        listen('192.0.2.1', 0)
