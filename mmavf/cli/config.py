"""Reading a config and putting the options of a command line into it."""

import argparse
import os.path as osp

from mmengine.config import Config

from mmavf.engine.config_file import load_config
from mmavf.engine.config_inputs import check_inputs
from mmavf.protocol.fold_folder import fold_folder

from .protocol_options import merge_protocol_options


def read_config(args: argparse.Namespace) -> Config:
    """Read `args.config` and put the options of `add_run_options` into it.

    Raises:
        ConfigError: The file does not exist or cannot be read, an option does not fit the config, or its pipelines do
            not open what its model takes in.
    """
    cfg = load_config(args.config, args.cfg_options)
    check_inputs(cfg)
    merge_protocol_options(cfg, args)
    cfg.launcher = args.launcher
    return cfg


def default_work_dir(config: str, target: str | None, fold: str | None) -> str:
    """Return a folder of its own for each config, target and fold."""
    parts = [target or '', *([] if fold is None else [fold_folder(fold)])]
    return osp.join('work_dirs', osp.splitext(osp.basename(config))[0], *parts)
