"""What the libraries that models come from have to know before they are imported."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
# Models come with packages or out of a configuration: nothing is ever fetched.
os.environ["HF_HUB_OFFLINE"] = "1"
