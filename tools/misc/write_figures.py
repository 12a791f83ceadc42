"""Write the tables of measurements in the documentation from the figures of each machine, `docs/figures/*.json`.

    python tools/misc/write_figures.py            # write the tables
    python tools/misc/write_figures.py --check    # only name the pages that differ; exit status 1 if there are any

A page has a table where two comments stand, `<!-- figures: NAME -->` and `<!-- end of figures -->`. Its rows are those
of that name in the files of all machines, by the date of the machine.
"""

import argparse
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from mmavf.files.markdown import markdown_table

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r'(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)', re.DOTALL)
NOT_NOTED = 'not noted'

# Of each table heading and content of every column, in Python's format; quartiles are lists of three.
_STEP = {
    's / step': '{seconds_per_step:.2f}',
    'clips/s': '{clips_per_second:.2f}',
    'TFLOP/s': '{tflops:.3f}',
    'matrix rate': '{matrix_tflops:.3f}',
    'share': '{share_of_matrix_rate:.0%}',
    'peak memory': '{peak_memory_gib:.1f} GiB',
}
_SIZES = {'Base': '{base}', 'Large': '{large}', 'Huge': '{huge}'}
TABLES: dict[str, dict[str, str]] = {
    'machines': {'short name': '{name}', 'hardware': '{hardware}', 'software': '{software}', 'date': '{date}'},
    'training_step': {'machine': '{machine}', 'precision': '{dtype}', 'clips': '{batch_size}', **_STEP},
    'gpu_step': {
        'model': '{model}',
        'clips': '{batch_size}',
        **_STEP,
        's / step': '{seconds_per_step:.3f}',
        'clips/s': '{clips_per_second:.0f}',
        'TFLOP/s': '{tflops:.0f}',
        'matrix rate': '{matrix_tflops:.0f}',
        'peak memory': '{peak_memory_gib:.0f} GiB',
    },
    'builds': {
        'what': '{what}',
        'machine': '{machine}',
        'now : before': '{ratio[1]:.2f} ({ratio[0]:.2f} to {ratio[2]:.2f})',
    },
    'methods': {
        'method': '{method}',
        'parameters': '{parameters:,}',
        'GFLOP / clip': '{gflop:.2f}',
        'clips/s': '{clips_per_second:.1f}',
        'memory / MiB': '{memory_mib:,}',
        'WAR in %': '{war:.1f} ± {deviation:.1f} ({interval[0]:.1f} to {interval[1]:.1f})',
    },
    'other_writings': {
        'model': '{model}',
        'next to': '{other}',
        'ours, s': '{ours_sec[1]:.2f} ({ours_sec[0]:.2f} to {ours_sec[2]:.2f})',
        'other, s': '{other_sec[1]:.2f} ({other_sec[0]:.2f} to {other_sec[2]:.2f})',
        'ratio': '{ratio[1]:.2f} ({ratio[0]:.2f} to {ratio[2]:.2f})',
    },
    'seeking': {
        'clip': '{clip}',
        'container': '{container}',
        'size / MB': '{megabytes}',
        'beginning / ms': '{beginning_ms}',
        'end / ms': '{end_ms}',
        'end : beginning': '{ratio:.2f}',
        'read from the beginning / ms': '{from_beginning_ms}',
    },
    'packs': {
        'format': '{format}',
        'kB per clip': '{kb}',
        'frames and sound, warm': '{read}',
        'whole loader, warm': '{loader}',
        'frames and sound, cold': '{cold}',
    },
    'pack_builds': {
        'clips of 10 s': '{what}',
        'machine': '{machine}',
        'before / ms': '{before_ms}',
        'now / ms': '{now_ms}',
        'times as fast (quartiles)': '{ratio[1]:.2f} ({ratio[0]:.2f} to {ratio[2]:.2f})',
    },
    'engines': {
        'model': '{model}',
        'windows': '{windows}',
        'PyTorch / s': '{pytorch:.2f}',
        'OpenVINO / s': '{openvino:.2f}',
        'OpenVINO : PyTorch': '{ratio[1]:.2f} ({ratio[0]:.2f} to {ratio[2]:.2f})',
        'machine': '{machine}',
    },
    'speech': {
        'set': '{set}',
        '': '{model}',
        'mean ± std of the folds': '{folds}',
        'pooled': '{pooled}',
        '95 % interval': '{interval}',
        'difference from `compare`': '{difference}',
    },
    'speech_trials': {
        'set': '{set}',
        '': '{what}',
        'first fold': '{first}',
        'second fold': '{second}',
        'both': '{both}',
    },
    'speech_trials_more': {
        '': '{what}',
        '09, 10': '{first}',
        '11, 12': '{second}',
        '13, 14': '{third}',
        'the last two, pooled': '{both}',
    },
    'speech_members': {'trainings': '{members}', 'UAR': '{uar:.1f}'},
    'speech_pretraining': {
        'set': '{set}',
        '': '{what}',
        'each fold, mean of three seeds': '{folds}',
        'each seed, mean of the folds': '{seeds}',
        'mean': '{mean}',
        'difference (95 %, over folds)': '{difference}',
    },
    'loader': {
        'machine': '{machine}',
        'media': '{media}',
        'loader': '{loader}',
        'decoding the same frames and sound': '{decoding}',
        'decoding the frames only': '{frames}',
    },
    'kept_memory': {'': '{what}', 'default': '{default}', 'memory kept': '{kept}'},
    'packed_attention': {
        '': '{where}',
        'batch × tokens': '{shape}',
        'unpacked / µs': '{unpacked_us}',
        'packed / µs': '{packed_us} ({together} together)',
    },
    'scale_steps': {'pre-training, released clips per GPU': '{what}', **_SIZES},
    'scale_traffic': {
        'processes': '{processes}',
        'DDP: Base': '{base}',
        'Large': '{large}',
        'Huge': '{huge}',
        '`FullyShard`, Huge: float32': '{shards_float32}',
        'bfloat16': '{shards_bfloat16}',
        'bfloat16, `reshard_after_forward=False`': '{shards_kept}',
    },
    'scale_network': {'GB/s per GPU, within a machine': '{gpus}', **_SIZES},
    'scale_machines': {
        'Gb/s per machine': '{gbit_per_s}',
        **{name: f'{{{name.lower()}[0]:.2f}} ({{{name.lower()}[1]:.0%}})' for name in _SIZES},
    },
    'scale_memory': {'': '{what}', **_SIZES},
    'scale_cores': {'clips stored as': '{media}', 'clips/s per core': '{clips_per_second}', **_SIZES},
}


def read_figures(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table, of all machines; each row has the short name of its machine."""
    files = [json.loads(path.read_text(encoding='utf-8')) for path in sorted(folder.glob('*.json'))]
    files.sort(key=lambda file: datetime.strptime(file['machine']['date'], '%d %B %Y'))
    rows: dict[str, list[dict[str, Any]]] = {'machines': [file['machine'] for file in files]}
    for file in files:
        machine = file.pop('machine')['name']
        for name, own in file.items():
            rows.setdefault(name, []).extend({'machine': machine, **row} for row in own)
    return rows


def table(name: str, rows: list[dict[str, Any]]) -> str:
    """Return a table in Markdown."""
    columns = TABLES[name]
    return markdown_table(list(columns), [[cell(content, row) for content in columns.values()] for row in rows])


def cell(content: str, row: dict[str, Any]) -> str:
    """Return what a row has in a column."""
    try:
        return content.format(**row).replace('%', ' %')
    except KeyError:
        return NOT_NOTED


def with_tables(page: str, rows: dict[str, list[dict[str, Any]]]) -> str:
    """Return a page with its tables written anew."""
    return PLACE.sub(lambda place: f'{place[1]}\n{table(place[2], rows[place[2]])}\n\n{place[3]}', page)


def main() -> int:
    """Write the tables, or check them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='write nothing; name the pages that differ')
    check = parser.parse_args().check
    rows = read_figures(ROOT / 'docs/figures')
    status = 0
    for path in sorted((ROOT / 'docs').glob('*.md')):
        page = path.read_text(encoding='utf-8')
        written = with_tables(page, rows)
        if page == written:
            continue
        print(path.relative_to(ROOT))
        if check:
            status = 1
        else:
            path.write_text(written, encoding='utf-8')
    return status


if __name__ == '__main__':
    sys.exit(main())
