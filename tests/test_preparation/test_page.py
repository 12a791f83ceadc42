"""The page of raw data sets."""

from mmavf.preparation.page import page
from mmavf.registry import RAW_SETS
from tests.helpers.models import ROOT


def test_page_is_current():
    assert (ROOT / 'docs/raw_sets.md').read_text(encoding='utf-8') == page(), 'mmavf/preparation/page.py says how'


def test_page_shows_every_parser_with_layout_and_options():
    text = page()
    for name, parser in RAW_SETS.module_dict.items():
        assert text.count(f'`{name}`') >= 1
        assert parser.layout.strip() in text
    assert '## `mafw11`, `mafw43`\n' in text
    assert "Options: `lists=''`" in text
