"""The app for ``panel serve apps/lstmvis.py [--args FOLDER]``; the bundled examples if no folder is named."""

import sys

import panel as pn

from lstmvis_panel.app import create_app, warm

# Once a process: with panel serve --warm before the port opens, else for the first visitor.
pn.state.as_cached("lstmvis is warm", warm)
create_app(sys.argv[1] if len(sys.argv) > 1 else None).servable(title="LSTMVis")
