"""Text of docs/targets.md, the page of the target data sets; tools/misc/write_target_configs.py writes it."""

from mmavf.files.markdown import markdown_table

from .card import Card
from .cards import CARDS
from .hybrids import HYBRIDS
from .label_spaces import CEA_ALIGNMENT, CEA_CLASSES, MICRO_LABELS

SIZES = dict(b='Base', l='Large', h='Huge', any='size not stated')

_INTRO = """\
# Target data sets

Generated from `mmavf/datasets/targets/cards.py` by `tools/misc/write_target_configs.py`.

No clips, lists or folds of others are shipped. Get a set from its owners; `tools/data/prepare.py` makes its face clips,
sound and list ([preparation](preparation.md), [expected files](raw_sets.md)):

    python tools/data/prepare.py ravdess --raw RAW_FOLDER --out data/ravdess

Or write the list `data/<name>/lists/all.csv` (docs/data.md) yourself, with the columns `video`, `audio`, `label` (or
the dimensions), `fold` or `subject`, and `id`; include `subject` whenever the set names its subjects. Sets of one
*family* have clips and subjects in common: use the same id for the same clip in all of them, and the same name for the
same person. Folds that follow a rule are filled in from the subjects (MER24: from ids and labels); for others the tool
names the owners' file that holds them:

    python tools/data/fill_folds.py ravdess data/ravdess/lists/all.csv

Then train, for example on MAFW with the first fold held out:

    tools/dist_train.sh configs/finetune/mafw11/avfmae_b_mafw11.py 4 --fold 1

The config of a target says what is trained: its lists, classes and metrics are in `configs/_base_/targets/`, its
hyper-parameters in `configs/finetune/<name>/`. Both are generated from the cards too.

Published figures (in %) are those of the AVF-MAE++ paper, which reports the best epoch on the test part
(`--selection paper`). The default here, `strict`, selects without it, which costs about 3 points of WAR on MAFW and
MSP-IMPROV. Rates are for a total batch of 256. *Ours* marks what the paper does not state. Tables of other methods hold
results that its tables lack, as published; an empty cell is not known. They differ in inputs, data and selection.

Sets without a card, such as those of newer challenges (MER2026, BlEmoRe), are
[lists of your own](data.md#sets-of-newer-challenges).
"""

_MICRO = """
## Micro-expressions

Frames are taken from onset to offset, 16 spread over the whole clip, without sound. SAMM, CASME II and SMIC are trained
on and tested together (the composite of MEGC 2019: 442 clips, 68 subjects) and reported separately; UF1 is computed
from the pooled predictions of all held-out subjects. `target_settings(..., composite=False)` uses one set alone.

Lists may name the class or the emotion:

"""

_PSI = """
## Supervised post-pre-training (PSI)

The paper gives 31,218 clips with 13 classes for categorical emotions and 1,007 clips with 3 classes for
micro-expressions; members, alignment and hyper-parameters are ours. A run needs a target or `--allow-overlap`. With
`--target T --fold K` the training part of T's fold K replaces all sets of T's family, and its test part is held out:
its clips or subjects in other lists are an error that names them.
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRO, _overview()]
    parts += [_card(card) for card in CARDS.values()]
    parts += [_MICRO, _emotions(), _PSI, _hybrids(), _alignment()]
    return ''.join(parts)


def _overview() -> str:
    rows = [
        [f'`{c.name}`', c.title, c.task, str(c.num_classes or len(c.dims)), f'{c.clips:,}', c.folds.column, c.key]
        for c in CARDS.values()
    ]
    return '\n' + markdown_table(['name', 'set', 'task', 'outputs', 'clips', 'held out by', 'key metric'], rows) + '\n'


def _card(card: Card) -> str:
    facts = [
        ('Classes', ', '.join(_classes(card)) or f'{card.num_classes}, named in `{card.class_file}`'),
        ('Clips', _clips(card)),
        ('List', f'`data/{card.name}/{card.list_file}`, family `{card.family}`'),
        ('Folds', _folds(card)),
        ('Subjects', card.subjects or 'not named'),
        ('Takes', ' and '.join(card.modalities)),
        ('Metrics', ', '.join(card.metrics) + (f', after averaging by `{card.group_by}`' if card.group_by else '')),
        ('Licence', card.licence),
        ('Obtained from', card.obtain),
        ('Published', _results(card)),
    ]
    if card.dims:
        facts[0] = ('Dimensions', ', '.join(card.dims))
    facts += [('Hyper-parameters', _recipe(card, size)) for size in ('', *card.size_recipes)]
    lines = [f'* {name}: {text}' for name, text in facts] + [f'* {note}' for note in card.notes]
    return f'\n## {card.title}\n\n' + '\n'.join(lines) + '\n' + _others(card)


def _classes(card: Card) -> list[str]:
    counts = card.class_counts or (None,) * len(card.classes)
    return [name + (f' ({count:,})' if count else '') for name, count in zip(card.classes, counts, strict=True)]


def _clips(card: Card) -> str:
    differs = card.paper_clips not in (None, card.clips)
    return f'{card.clips:,}' + (f' (paper: {card.paper_clips:,})' if differs else '')


def _folds(card: Card) -> str:
    sizes = ', '.join(f'{size:,}' for size in card.folds.test_sizes)
    number = '' if card.folds.column == 'fold' or not card.folds.number else f' ({card.folds.number} subjects)'
    return f'{card.folds.rule}{number}' + (f'; test clips {sizes}' if sizes else '')


def _results(card: Card) -> str:
    if card.competitor is None:
        return 'not used in the paper'
    skipped = ', without PSI' if card.without_psi else ''
    own = '; '.join(f'{SIZES[size]} {_figures(values)}' for size, values in card.results.items())
    name, values = card.competitor
    return f'{" / ".join(card.result_metrics)}: {own}{skipped}. Best other: {name} {_figures(values)}'


def _others(card: Card) -> str:
    rows = [
        [r.method, r.year or '', *('' if value is None else f'{value:.2f}' for value in r.values), r.kind, r.protocol]
        for r in card.others
    ]
    if not rows:
        return ''
    return '\n' + markdown_table(['other method', 'year', *card.result_metrics, 'kind', 'protocol'], rows) + '\n'


def _figures(values: tuple[float, ...]) -> str:
    return '/'.join(f'{value:.2f}' for value in values)


def _recipe(card: Card, size: str) -> str:
    recipe = card.recipe_of(size)
    frames = f'stride {recipe.frame_interval}' if recipe.frame_interval else '16 frames spread over the clip'
    batch = f'{recipe.gpus} x {recipe.batch_size}'
    which = f'{SIZES[size]}: ' if size else ''
    return f'{which}rate {recipe.lr:g}, batch {batch}, {recipe.epochs} epochs, {frames} ({recipe.source})'


def _emotions() -> str:
    kinds = dict.fromkeys(MICRO_LABELS.values())
    rows = [
        [kind or 'left out', ', '.join(own for own, name in MICRO_LABELS.items() if name == kind)] for kind in kinds
    ]
    return markdown_table(['class', 'in the list'], rows) + '\n'


def _hybrids() -> str:
    rows = [
        [f'`configs/avfmae_{{b,l,h}}_postpretrain_{kind}.py`', ', '.join(h.members), str(len(h.classes))]
        for kind, h in HYBRIDS.items()
    ]
    return '\n' + markdown_table(['config', 'members', 'classes'], rows) + '\n'


def _alignment() -> str:
    rows = []
    for name, mapping in CEA_ALIGNMENT.items():
        own = {common: ', '.join(k for k, v in mapping.items() if v == common) for common in CEA_CLASSES}
        rows.append([f'`{name}`', *own.values()])
    return '\nAlignment of the classes with the 13:\n\n' + markdown_table(['set', *CEA_CLASSES], rows) + '\n'
