"""Lists of clips: cells, rows, spellings, order."""
