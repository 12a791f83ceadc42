"""The same as `mmavf browse`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['browse', *sys.argv[1:]]))
