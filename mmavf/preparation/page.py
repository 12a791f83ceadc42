"""The documentation page of the raw data sets, docs/raw_sets.md, from the parsers.

python -c "from mmavf.preparation.page import page; print(page(), end='')" > docs/raw_sets.md
"""

from inspect import getdoc, signature

from mmavf.datasets.targets import CARDS
from mmavf.registry import RAW_SETS

from .raw_sets import RawSet

_INTRO = """\
# Raw data sets

Made from the parsers in `mmavf/preparation/raw_sets/` (`mmavf.preparation.page` says how); a test keeps both equal.

What each parser expects to find below the folder that `--raw` names ([preparation.md](preparation.md)). Where a name
may differ between copies of a set, all that are understood are given; `**/` means in any folders. Nothing is written
there; hidden files (`._clip.mp4`) are passed over. A clip that lacks its label, its media or a usable class becomes no
clip: summary and `left_out.csv` say which, and why.

Sets are under licence, none is shipped, and **no parser has met the real files**: layouts follow papers, the owners'
descriptions and what others' tools read, and tests use miniatures made after them. What a layout calls not checked is
not even said there, but assumed. So compare the counts in the summary with those of the set's card. Where your copy
differs, say so in an issue, or bring it into this form by links.
"""


def page() -> str:
    """Return the page as Markdown."""
    names: dict[type[RawSet], list[str]] = {}
    for name in sorted(RAW_SETS.module_dict, key=[*CARDS, *RAW_SETS.module_dict].index):
        names.setdefault(RAW_SETS.module_dict[name], []).append(name)
    return _INTRO + ''.join(_section(parser, its_names) for parser, its_names in names.items())


def _section(parser: type[RawSet], names: list[str]) -> str:
    heading = ', '.join(f'`{name}`' for name in names)
    about = (getdoc(parser) or '').partition('\n\nArgs:')[0]
    return f'\n## {heading}\n\n{about}\n\n```text\n{parser.layout.strip()}\n```\n{_options(parser)}'


def _options(parser: type[RawSet]) -> str:
    options = signature(parser).parameters.values()
    named = [f'`{option.name}={option.default!r}`' for option in options if option.name not in ('raw', 'name')]
    return f'\nOptions: {", ".join(named)}\n' if named else ''
