"""What HoloViews can't draw: text that squeezes into its cell, and handles that follow the mouse at once.

Each component is a Python file with its JavaScript and its stylesheet beside it, of the same name.
"""
