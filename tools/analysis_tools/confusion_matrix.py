"""The same as `mmavf confusion-matrix`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['confusion-matrix', *sys.argv[1:]]))
