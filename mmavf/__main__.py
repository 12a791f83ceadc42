"""`python -m mmavf` is the command `mmavf`."""

import sys

from mmavf.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
