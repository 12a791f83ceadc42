"""The same as `mmavf complexity`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['complexity', *sys.argv[1:]]))
