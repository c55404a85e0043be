"""The app for ``panel serve apps/lstmvis.py [--args FOLDER]``; the bundled examples if no folder is named."""

import sys

from lstmvis_panel.app import create_app

create_app(sys.argv[1] if len(sys.argv) > 1 else None).servable(title="LSTMVis")
