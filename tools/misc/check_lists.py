"""The same as `mmavf check`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['check', *sys.argv[1:]]))
