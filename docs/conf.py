"""Sphinx: the pages of this folder and the interface from the docstrings. `sphinx-build docs build/docs`."""

import warnings

from mmavf import __version__

# Former places of modules that are read for one version.
warnings.filterwarnings('ignore', message=r'mmavf\..* is now', category=FutureWarning)

project = 'mmavf'
release = __version__
extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.autosummary', 'sphinx.ext.napoleon']
autosummary_generate = True
autodoc_default_options = {'members': True, 'ignore-module-all': True, 'show-inheritance': True}
# Attributes in a docstring's section are not listed a second time as members.
napoleon_use_ivar = True
# Links to files outside this folder have no page; tools/misc/check_docs.py checks all links.
suppress_warnings = ['myst.xref_missing']
myst_heading_anchors = 3
html_theme = 'alabaster'
