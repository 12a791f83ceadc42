"""The page of a report: sections of facts, tables and pictures, in one self-contained HTML file."""

from collections.abc import Sequence
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined


class Cell(NamedTuple):
    """A cell of a table.

    Attributes:
        text: What it says.
        note: A smaller line below, such as an interval.
        strong: Whether it stands out.
    """

    text: str
    note: str = ''
    strong: bool = False


class Table(NamedTuple):
    """A table of figures.

    Attributes:
        caption: What it shows; '' where the text says it.
        head: Headings of the columns, with units; the first is that of the rows' titles.
        rows: Cells of each row; the first is its title.
        summary: Rows set apart below the others.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    summary: Sequence[Sequence[Cell]] = ()


class Picture(NamedTuple):
    """A picture.

    Attributes:
        uri: Its contents, as a data URI.
        caption: What one sees.
        width: How wide it is shown where there is room, in CSS pixels.
    """

    uri: str
    caption: str
    width: int


class Block(NamedTuple):
    """A part of a section, with a heading; any of facts, tables and pictures.

    Attributes:
        title: Heading; '' for none.
        facts: Names and values.
        tables: Tables.
        pictures: Pictures, side by side where there is room.
        remarks: Paragraphs of text below.
    """

    title: str = ''
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    remarks: Sequence[str] = ()


class Section(NamedTuple):
    """A section with a heading, linked from the contents at the top."""

    title: str
    blocks: Sequence[Block]


def render_page(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Return the HTML. Every text is escaped: names may hold `<`, `&` and quotes.

    The page has no script and loads nothing; it follows the reader's light or dark setting, fits a phone, and prints.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(PAGE).render(title=title, subtitle=subtitle, sections=sections)


STYLE = """
:root {
  color-scheme: light dark;
  --text: #1c2127; --quiet: #5c6670; --back: #ffffff; --line: #d8dde3; --band: #f4f6f8; --accent: #1f5fa8;
}
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7eb; --quiet: #a0a9b3; --back: #14181d; --line: #353c45; --band: #1d232a; --accent: #8ab8ee; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; color: var(--text); background: var(--back);
  font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 3rem 0 1rem; padding-top: 1rem; border-top: 2px solid var(--line); font-size: 1.35rem; line-height: 1.25; }
h3 { margin: 2rem 0 0.75rem; font-size: 1.05rem; }
h1, h2, h3, dd, figcaption, th[scope=row] { overflow-wrap: anywhere; }
p { margin: 0.5rem 0; max-width: 46rem; }
.subtitle, figcaption, .note, dt { color: var(--quiet); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 1rem 0 0; padding: 0; list-style: none; }
a { color: var(--accent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.25rem; margin: 0; font-size: 0.95rem; }
dd { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.95rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.4rem 0.9rem; vertical-align: top; text-align: right; white-space: nowrap; }
th { font-weight: 600; }
th:first-child { padding-left: 0.5rem; text-align: left; }
th[scope=row] { min-width: 8rem; max-width: 22rem; font-weight: 400; white-space: normal; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; }
tbody tr { border-bottom: 1px solid var(--line); }
tbody.summary { border-top: 2px solid var(--line); background: var(--band); }
.note { display: block; font-size: 0.8rem; }
figure { margin: 1rem 0; }
figure img { display: block; max-width: 100%; height: auto; padding: 0.5rem; border: 1px solid var(--line);
  border-radius: 6px; background: #ffffff; }
figcaption { margin-top: 0.4rem; max-width: 46rem; font-size: 0.875rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 0 1.25rem; }
@media (max-width: 34rem) {
  body { padding: 1.25rem 0.9rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.5rem; }
  th, td { padding: 0.4rem 0.5rem; }
  th[scope=row] { min-width: 6.5rem; }
  img.wide { max-width: none; width: 36rem; }
}
@page { margin: 1.6cm; }
@media print {
  :root { color-scheme: light; --text: #000000; --quiet: #444444; --back: #ffffff; --line: #bbbbbb; --band: #ffffff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  h2 { break-after: avoid; }
  h3 { break-after: avoid; }
  tr, figure { break-inside: avoid; }
  .scroll { overflow: visible; }
  figure img, img.wide { width: auto; max-width: 100%; max-height: 22cm; }
}
"""

PAGE = (
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>"""
    + STYLE
    + """</style>
</head>
<body>
{% macro write(cell) %}
{% if cell.strong %}<strong>{{ cell.text }}</strong>{% else %}{{ cell.text }}{% endif %}
{%- if cell.note %}<span class="note">{{ cell.note }}</span>{% endif %}
{% endmacro %}
{% macro body(rows) %}
{% for row in rows %}
<tr><th scope="row">{{ write(row[0]) }}</th>
{%- for cell in row[1:] %}<td>{{ write(cell) }}</td>{% endfor %}</tr>
{% endfor %}
{% endmacro %}
<header>
<h1>{{ title }}</h1>
<p class="subtitle">{{ subtitle }}</p>
{% if sections | length > 1 %}
<nav aria-label="Contents"><ul>
{% for section in sections %}
<li><a href="#part-{{ loop.index }}">{{ section.title }}</a></li>
{% endfor %}
</ul></nav>
{% endif %}
</header>
<main>
{% for section in sections %}
<section id="part-{{ loop.index }}">
<h2>{{ section.title }}</h2>
{% for block in section.blocks %}
{% if block.title %}
<h3>{{ block.title }}</h3>
{% endif %}
{% if block.facts %}
<dl>
{% for name, value in block.facts %}
<dt>{{ name }}</dt><dd>{{ value }}</dd>
{% endfor %}
</dl>
{% endif %}
{% for table in block.tables %}
<figure>
<div class="scroll" tabindex="0">
<table>
<thead><tr>{% for name in table.head %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{{ body(table.rows) }}</tbody>
{% if table.summary %}
<tbody class="summary">
{{ body(table.summary) }}</tbody>
{% endif %}
</table>
</div>
{% if table.caption %}
<figcaption>{{ table.caption }}</figcaption>
{% endif %}
</figure>
{% endfor %}
{% if block.pictures %}
<div class="pictures">
{% for picture in block.pictures %}
<figure>
<div class="scroll" tabindex="0">
<img src="{{ picture.uri }}" width="{{ picture.width }}" alt="{{ picture.caption }}"
{%- if picture.width > 560 %} class="wide"{% endif %}>
</div>
<figcaption>{{ picture.caption }}</figcaption>
</figure>
{% endfor %}
</div>
{% endif %}
{% for remark in block.remarks %}
<p>{{ remark }}</p>
{% endfor %}
{% endfor %}
</section>
{% endfor %}
</main>
</body>
</html>
"""
)
