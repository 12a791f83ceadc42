"""MMEngine formats the whole config anew for each checkpoint that it writes, 0.1 s a time: here once per text.

To be imported before MMEngine, whose older versions keep the function under a name of their own.
"""

from functools import cache

from yapf.yapflib import yapf_api

_format = yapf_api.FormatCode


class _Options(dict):
    """Options as a key."""

    def __hash__(self):
        return hash(repr(self))


@cache
def _formatted(text, options):
    return _format(text, **options)


yapf_api.FormatCode = lambda text, **options: _formatted(text, _Options(options))
