"""The same as `mmavf eval-metric`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['eval-metric', *sys.argv[1:]]))
