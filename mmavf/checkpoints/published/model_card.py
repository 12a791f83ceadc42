"""The card of a published model as text."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mmavf.files.markdown import markdown_table

_USE = """\
## Use

    mmavf predict VIDEO --model FOLDER --out RESULTS

or from Python:

```python
from mmavf.apis import init_model

model = init_model('FOLDER')
```

Reading the folder runs no code: weights are safetensors, everything else is JSON.
"""


def model_card(card: Mapping[str, Any], name: str) -> str:
    """Return the Markdown text of a card.

    Args:
        card: Content of `model.json`.
        name: Heading.
    """
    parts = [
        f'# {name}\n',
        markdown_table(('', ''), _facts(card)) + '\n',
        _USE.replace('FOLDER', name),
        '## What goes in\n\n' + markdown_table(('', ''), _inputs(card['preprocessing'])) + '\n',
        '## Training\n\n' + _training(card['training'], card['origin']),
        '## Scores\n\n' + _scores(card['metrics']),
        '## Probabilities\n\n' + _calibration(card['calibration']),
    ]
    if card['marginals'] is not None or card['contribution'] is not None:
        parts.append('## A modality is missing\n\n' + _missing(card))
    if onnx := card.get('onnx'):
        checked = onnx['checked']
        parts.append(
            f'## ONNX\n\n`{onnx["file"]}` maps normalised clips ({", ".join(onnx["inputs"])}) to `{onnx["output"]}`, '
            f'before softmax. On {checked["windows"]} windows of {checked["on"]} it differs from PyTorch by '
            f'{checked["largest_difference"]:.1e} at most.\n'
        )
    return '\n'.join(parts)


def _facts(card: Mapping[str, Any]) -> list[tuple[str, Any]]:
    weights = card['weights']
    return [
        ('gives', f'{card["task"]}: {", ".join(card["names"])}' if card['names'] else card['task']),
        ('model', card['architecture']['model'].get('type')),
        ('parameters', f'{weights["parameters"]:,}' if 'parameters' in weights else 'not stated'),
        ('licence of the weights', card['licence'] or 'not stated: ask whoever trained them'),
        ('origin', card['origin'] or 'not stated'),
        ('written by', f'mmavf {card["mmavf_version"]}'),
        ('SHA-256 of model.safetensors', weights['sha256']),
    ]


def _inputs(preprocessing: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = {name: value for name, value in preprocessing.items() if name != 'pipeline'}
    return [(name.replace('_', ' '), _text(value)) for name, value in shown.items()]


def _training(training: Mapping[str, Any], origin: str | None) -> str:
    records = training.get('records') or []
    if not records:
        text = 'The checkpoint holds no record of the labelled data that it was trained on'
        return f'{text}: see its origin above.\n' if origin else f'{text}.\n'
    header = ('corpora', 'target', 'fold held out', 'epoch chosen', 'lists (SHA-256)')
    rows = [
        (
            ', '.join(record.get('corpora') or ()),
            _text(record.get('target')),
            _text(record.get('fold')),
            _text(record.get('selection')),
            ', '.join(f'{part["name"]} {part["sha256"][:12]}' for part in record.get('lists', ())),
        )
        for record in records
    ]
    return markdown_table(header, rows) + '\n'


def _scores(metrics: Sequence[Mapping[str, Any]]) -> str:
    if not metrics:
        return 'No result of a test was given.\n'
    rows = []
    for test in metrics:
        for name, value in test['metrics'].items():
            low_high = test.get('intervals', {}).get(name)
            shown = '' if low_high is None else '{:.4f} to {:.4f}'.format(*low_high)
            rows.append((_protocol(test), name, 'not finite' if value is None else f'{value:.4f}', shown))
    return markdown_table(('test', 'score', 'value', '95 % interval'), rows) + '\n'


def _protocol(test: Mapping[str, Any]) -> str:
    fold = test.get('fold')
    lists = ', '.join(f'{part["name"]} {part["sha256"][:12]}' for part in test.get('lists', ()))
    parts = [f'{test.get("num_clips", "?")} clips', '' if fold is None else f'fold {fold}', lists]
    parts += [f'selection {test["selection"]}' if test.get('selection') else 'selection not known']
    return '; '.join(part for part in parts if part) + ('; overlap allowed' if test.get('overlap') else '')


def _calibration(calibration: Mapping[str, Any] | None) -> str:
    if calibration is None:
        return 'They are not calibrated: a probability of 0.9 need not be right in nine of ten cases.\n'
    before, after = calibration['ece_before'], calibration['ece_after']
    return (
        f'Temperature {calibration["temperature"]:.4f}, fitted to {calibration["num_clips"]} clips. Expected '
        f'calibration error before {_interval(before)}, after {_interval(after)}.\n'
    )


def _missing(card: Mapping[str, Any]) -> str:
    text = ''
    if card['marginals'] is not None:
        text = (
            f'Its tokens can be replaced by their mean over {card["marginals"]["num_clips"]} clips '
            '(marginals.safetensors).\n'
        )
    if card['contribution'] is None:
        return text + 'What that costs was not measured.\n'
    rows = [
        (kind, *(f'{value:.4f}' for value in scores.values()))
        for kind, scores in card['contribution']['scores'].items()
    ]
    names = next(iter(card['contribution']['scores'].values())).keys()
    return text + f'On {card["contribution"]["num_clips"]} clips:\n\n' + markdown_table(('input', *names), rows) + '\n'


def _interval(found: Mapping[str, Any]) -> str:
    return '{:.4f} ({:.4f} to {:.4f})'.format(found['value'], *found['interval'])


def _text(value: Any) -> str:
    if value is None:
        return 'not known'
    return value if isinstance(value, str) else json.dumps(value)
