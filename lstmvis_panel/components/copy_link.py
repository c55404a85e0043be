"""The button that copies the page's address."""

from __future__ import annotations

from typing import ClassVar

import param

from lstmvis_panel.components.browser import Component, script, stylesheet


class CopyLink(Component):
    """Copies the address that shows the same again, and says so; where it may not, shows it to be copied by hand."""

    action: str = param.String(default="copy link", doc="Action of the key that copies.")

    _esm: ClassVar[str] = script("copy_link", "actions", "beneath")
    _stylesheets: ClassVar[list[str]] = [stylesheet("quiet"), stylesheet("copy_link")]
