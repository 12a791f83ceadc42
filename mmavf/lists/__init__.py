"""Lists of clips: reading, cells, spellings, natural order."""
