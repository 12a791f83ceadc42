"""What is loaded by now is not looked through when garbage is collected, as MMEngine does for each data set it reads."""

import gc

gc.collect()
gc.freeze()
