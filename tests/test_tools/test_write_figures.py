"""Tables of measurements in the documentation are those of the committed figures."""

import json
import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[2] / 'tools/misc/write_figures.py'))
PAGE = 'Before.\n\n<!-- figures: loader -->\nold\n<!-- end of figures -->\n\nAfter.\n'


@pytest.fixture
def figures(tmp_path):
    def machine(name, date):
        return dict(name=name, hardware='two cores', software='torch', date=date)

    files = dict(
        a=dict(machine=machine('Later', '2 May 2026'), loader=[dict(media='mp4', loader=52, decoding=68, frames=94)]),
        b=dict(machine=machine('Earlier', '30 April 2026'), loader=[dict(media='wav', loader=180)]),
    )
    for name, content in files.items():
        (tmp_path / f'{name}.json').write_text(json.dumps(content))
    return TOOL['read_figures'](tmp_path)


def test_a_table_has_the_rows_of_all_machines_by_date(figures):
    lines = TOOL['with_tables'](PAGE, figures).splitlines()
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in lines if line.startswith('| ')]
    assert cells[1:] == [['Earlier', 'wav', '180', 'not noted', 'not noted'], ['Later', 'mp4', '52', '68', '94']]
    assert 'old' not in lines and lines[0] == 'Before.' and lines[-1] == 'After.'


def test_a_written_page_stays_as_it_is_until_a_figure_changes(figures):
    page = TOOL['with_tables'](PAGE, figures)
    assert TOOL['with_tables'](page, figures) == page
    figures['loader'][0]['loader'] = 181
    assert TOOL['with_tables'](page, figures) == page.replace('180', '181')


@pytest.mark.parametrize(
    ('content', 'row', 'text'),
    [
        ('{share:.0%}', dict(share=0.6), '60 %'),
        ('{r[1]:.2f} ({r[0]:.2f} to {r[2]:.2f})', dict(r=[1.06, 1.074, 1.1]), '1.07 (1.06 to 1.10)'),
        ('{seconds:.2f}', dict(share=0.6), 'not noted'),
    ],
)
def test_cells(content, row, text):
    assert TOOL['cell'](content, row) == text
