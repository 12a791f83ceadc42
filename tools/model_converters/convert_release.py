"""The same as `mmavf convert`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['convert', *sys.argv[1:]]))
