"""The same as `mmavf synthetic`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['synthetic', *sys.argv[1:]]))
