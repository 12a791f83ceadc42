"""Parts of a report about one work dir: facts, tables, pictures."""

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mmavf.errors import ConfigError
from mmavf.experiments.fold_results import POOLED_RESULT

from .confusion import draw_confusion_matrix
from .loss_curves import draw_loss_curves
from .report_page import Block, Cell, Picture, Table
from .results import Results
from .scores import heading, interval, keys_of, mean_cell, number, score_of, single

OVERLAP = 'allowed: clips under test may have been trained on'
PNG_HEAD = b'\x89PNG\r\n\x1a\n'
HASH_DIGITS = 12
DATE_LENGTH = len('2026-01-01')
CHECKPOINT_TIME = '%Y%m%d_%H%M%S'  # as MMEngine writes it
MAX_CURVES = 12
MAX_NAMED = 12
SELECTIONS = dict(
    strict='strict: the checkpoint was chosen without the test part',
    paper='paper: the best epoch on the test part, which biases the result upwards',
)


def read_picture(path: Path, caption: str, scale: float = 1.0) -> Picture:
    """Read a PNG file, to be shown at `scale` times its size.

    Raises:
        ConfigError: The file cannot be read or is not a PNG.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f'{path} cannot be read: {error.strerror}') from error
    if not content.startswith(PNG_HEAD) or len(content) < 24:
        raise ConfigError(f'{path} is not a PNG picture.')
    (width,) = struct.unpack('>I', content[16:20])
    return Picture(f'data:image/png;base64,{base64.b64encode(content).decode()}', caption, round(width * scale))


def describe(results: Results) -> Block:
    """Return what was trained and tested, as far as the tests record it."""
    facts = [('Folder', str(results.folder))]
    if results.tests:
        contents = [test.content for test in results.tests]
        training = [content['training'] for content in contents if content['training']]
        facts += [
            ('Config', results.summary.get('config') or _each(content['config'] for content in contents)),
            ('Target', _each(record['target'] or 'own list' for record in training)),
            ('Held out', _folds([test.fold for test in results.tests if test.fold])),
            ('Checkpoint', _each(Path(content['checkpoint']).name for content in contents)),
            ('Selection', _each(SELECTIONS.get(content['selection'], 'unknown') for content in contents)),
            ('Overlap', _each(OVERLAP for content in contents if overlap_allowed(content))),
            ('Training lists', _each(_hashes(record['lists']) for record in training)),
            ('Test lists', _each(_hashes(content['test']['lists']) for content in contents)),
            ('Trained until', _each(_training_end(content.get('trained', {})) for content in contents)),
            ('Tested', _each(content.get('tested_at', '')[:DATE_LENGTH] for content in contents)),
            ('Versions', _each(_versions(content.get('versions', {})) for content in contents)),
        ]
    return Block(facts=[(name, value) for name, value in facts if value])


def overlap_allowed(content: Mapping) -> bool:
    """Return whether clips of a test may have been trained on: the training allowed it, or the test did."""
    training = content['training'] or {}
    return training.get('allow_overlap', False) or content['test'].get('overlap') is not None


def _each(values: Iterable[str]) -> str:
    """Join the distinct values."""
    return ', '.join(dict.fromkeys(value for value in values if value))


def _folds(names: Sequence[str]) -> str:
    if len(names) <= 1:
        return ''.join(f'fold {name}' for name in names)
    return f'{len(names)} folds in turn' + (f': {", ".join(names)}' if len(names) <= MAX_NAMED else '')


def _hashes(lists: Mapping[str, str]) -> str:
    return ', '.join(f'{path} (SHA-256 {value[:HASH_DIGITS]}…)' for path, value in lists.items())


def _training_end(trained: Mapping) -> str:
    """Return the date a checkpoint was written on, without the time, so that folds of one day are one value."""
    time = trained.get('time')
    return '' if time is None else f'{datetime.strptime(time, CHECKPOINT_TIME):%Y-%m-%d}'


def _versions(versions: Mapping[str, str]) -> str:
    return ' '.join(f'{name} {version}' for name, version in versions.items())


def missing_folds(results: Results) -> list[str]:
    """Return a line for each fold of a cross-validation without a result, with the reason."""
    return [f'No result for fold {fold}: {reason}' for fold, reason in results.summary.get('failed', {}).items()]


def score_tables(results: Results) -> list[Table]:
    """Return the scores of a test, or of all folds with mean ± standard deviation, pooled, and by data set.

    There is no mean over single subjects that are held out in turn.
    """
    if not results.pooled and len(results.tests) == 1:
        content = results.tests[0].content
        rows = [
            (Cell(score_of(key).name), _value(key, content), Cell(interval(key, content))) for key in content['metrics']
        ]
        return [Table(f'Scores of {_sample_count(content)}.', ('Score', 'Value', '95 % interval'), rows)]
    parts = results.summary.get('parts', {})
    of_parts = {f'{source}_{name}' for source, scores in parts.items() for name in scores}
    tables = [_fold_table(results, [key for key in keys_of([results]) if key not in of_parts])]
    return [*tables, _part_table(results)] if parts else tables


def _fold_table(results: Results, keys: Sequence[str]) -> Table:
    rows = [
        (_title(f'fold {test.fold}', test.content), *(single(key, test.content) for key in keys))
        for test in results.tests
    ]
    values = {
        key: [test.content['metrics'][key] for test in results.tests if key in test.content['metrics']] for key in keys
    }
    summary, then = [], []
    if not results.reports_pooled and len(rows) > 1:
        summary.append((Cell('mean ± std'), *(mean_cell(key, values[key]) for key in keys)))
        then.append('mean and standard deviation over folds')
    if results.pooled:
        name = POOLED_RESULT if results.reports_pooled else 'pooled'
        summary.append((_title(name, results.pooled), *(single(key, results.pooled) for key in keys)))
        then.append('the scores of all their predictions together (pooled)')
    caption = 'Scores on the held-out parts, with 95 % bootstrap intervals below. '
    if then:
        caption += f'Then {", and ".join(then)}.'
    else:
        caption += 'Their mean is not a result: mmavf cross-validate scores all their predictions as one test (pooled).'
    return Table(caption, ('Held out', *map(heading, keys)), rows, summary)


def _part_table(results: Results) -> Table:
    parts = results.summary['parts']
    names = list(next(iter(parts.values())))
    rows = [(Cell(part), *(single(f'{part}_{name}', results.pooled) for name in names)) for part in parts]
    return Table('The pooled predictions by data set.', ('Data set', *map(heading, names)), rows)


def _title(text: str, content: Mapping) -> Cell:
    return Cell(text, _sample_count(content))


def _sample_count(content: Mapping) -> str:
    """Return how many clips, or groups of clips, were scored."""
    clips = f'{content["num_clips"]:,} clips'
    return f'{content["num_groups"]:,} groups of {clips}' if 'num_groups' in content else clips


def _value(key: str, content: Mapping) -> Cell:
    value = content['metrics'][key]
    unit = ' %' if score_of(key).percent and value is not None else ''
    return Cell(number(key, value) + unit)


def confusion_picture(results: Results) -> Picture | None:
    """Return the confusion matrix of all tests together; None for a regressor."""
    contents = [test.content for test in results.tests if 'confusion_matrix' in test.content]
    if not contents:
        return None
    classes = contents[0]['classes']
    matrix = np.sum([content['confusion_matrix'] for content in contents], axis=0)  # (folds, K, K) -> (K, K)
    folds = f' of {len(contents)} folds' if len(contents) > 1 else ''
    unit = 'groups' if 'num_groups' in contents[0] else 'clips'
    caption = (
        f'Confusion matrix, {matrix.sum():,} {unit}{folds}. Each row shows, in percent, how the {unit} of a '
        'true class were classified; the diagonal holds the recalls.'
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, 'confusion.png')
        draw_confusion_matrix(matrix, classes, path)
        return read_picture(path, caption, scale=0.6)


def curve_pictures(results: Results) -> list[Picture]:
    """Return the training loss of each training, at most of the first MAX_CURVES."""
    pictures = []
    with TemporaryDirectory() as folder:
        for number_, curves in enumerate(results.curves[:MAX_CURVES]):
            path = Path(folder, f'{number_}.png')
            draw_loss_curves({name: (curves.iters, values) for name, values in curves.losses.items()}, path)
            last = curves.losses['loss'][-1]
            of = f' of {curves.name}' if curves.name else ''
            caption = f'Training loss{of}, {last:.4f} after {curves.iters[-1]:,} iterations.'
            pictures.append(read_picture(path, caption))
    return pictures
