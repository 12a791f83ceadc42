"""MAE-DFER: configs and tests; its parts are the package's."""
