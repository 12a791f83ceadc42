"""The same as `mmavf report`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['report', *sys.argv[1:]]))
