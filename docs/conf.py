"""Sphinx: the pages of this folder and the interface from the docstrings. `sphinx-build docs build/docs`."""

from mmavf import __version__

project = 'mmavf'
release = __version__
extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.autosummary', 'sphinx.ext.napoleon']
autosummary_generate = True
autodoc_default_options = {'members': True, 'ignore-module-all': True, 'show-inheritance': True}
myst_heading_anchors = 3
html_theme = 'alabaster'
