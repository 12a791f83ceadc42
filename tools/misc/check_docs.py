"""Check that the files which the documentation mentions exist.

Two kinds of mention are checked in every Markdown file of the tree: relative links, and paths of the project's own
files in text and commands, such as `tools/train.py` in a shell line.

    python tools/misc/check_docs.py
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r'\]\((?!\w+:|#)([^)#\s]+)')
OWN_FILE = re.compile(
    r'(?<![\w./:-])(?:\.ci|configs|docs|mmavf|projects|requirements|tests|tools)/[\w./-]*\.(?:md|py|sh|txt)\b'
)
# Folders at the root that hold no documentation of the project.
NOT_OURS = {'.venv', 'build', 'data', 'dist', 'work_dirs', 'demo'}


def broken_mentions(document: Path, root: Path) -> list[str]:
    """List the files that a document mentions and the tree lacks.

    Args:
        document: A Markdown file.
        root: The folder that paths of the project's own files start from.

    Returns:
        One line `file:number: mention` for each.
    """
    broken = []
    here = document.parent
    for number, line in enumerate(document.read_text(encoding='utf-8').splitlines(), start=1):
        lacking = [mention for mention in LINK.findall(line) if not (here / mention).exists()]
        # A project's own README counts from the project's folder.
        own = OWN_FILE.findall(line)
        lacking += [mention for mention in own if not ((root / mention).exists() or (here / mention).exists())]
        broken += [f'{document.relative_to(root)}:{number}: {mention}' for mention in lacking]
    return broken


def documents(root: Path) -> list[Path]:
    """Find the Markdown files of the tree, without environments, data and results."""
    found = root.rglob('*.md')
    return sorted(path for path in found if path.relative_to(root).parts[0] not in NOT_OURS)


def main() -> None:
    """Check all documents; end with status 1 and the list of broken mentions, if any."""
    broken = [line for document in documents(ROOT) for line in broken_mentions(document, ROOT)]
    if broken:
        sys.exit('These files do not exist:\n' + '\n'.join(broken))


if __name__ == '__main__':
    main()
