"""The same as `mmavf print-config`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['print-config', *sys.argv[1:]]))
