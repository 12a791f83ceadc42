"""VideoMAE and VideoMAE V2: configs and tests; their parts are the package's."""
