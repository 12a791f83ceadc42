"""Print the resolved config as a run gets it, each value with what it comes from.

    mmavf print-config configs/finetune/mafw11/avfmae_b_mafw11.py --fold 3 --cfg-options train_cfg.max_epochs=10

The origin of a value is what changed it last: a file of the `_base_` hierarchy, with the function that it takes
settings from, if any; --cfg-options; the command line (--fold, --selection, …); or the protocol, which decides on
splits and validation. The output is a config itself, with the origins as comments.
"""

from argparse import ArgumentParser, Namespace

from mmavf.cli.options import add_config_options
from mmavf.cli.protocol_options import add_protocol_options


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file')
    add_config_options(parser)
    add_protocol_options(parser)


def run(args: Namespace) -> None:
    """Print the config."""
    from mmavf.cli.config_origins import trace_config
    from mmavf.cli.config_text import config_text

    values, origins, reason = trace_config(args)
    if reason:
        print(f'# The protocol is not applied. {reason}')
    print(config_text(values, origins), end='')
