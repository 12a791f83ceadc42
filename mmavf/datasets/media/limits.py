"""Limits of what one clip may cost, so that a damaged header costs its clip and not the memory of the machine."""

# No recorder writes less than telephony or more than studio recordings.
MIN_RATE_HZ, MAX_RATE_HZ = 2_000, 768_000

# Limit of one read, for clips that are prepared whole: one channel in float32 takes 230 MB.
MAX_SOUND_SEC = 3600.0

# Limit of one window of a model: log-mel takes some 1.2 MB of memory per second.
MAX_WINDOW_SEC = 300.0

# 8K UHD has 33.2 million pixels.
MAX_PICTURE_PIXELS = 36_000_000

# Limit of the distinct frames of one window, which are in memory together: 0.8 GB.
MAX_WINDOW_PIXELS = 1 << 28
