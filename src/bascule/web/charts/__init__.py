"""Drawings of figures as SVG: values in, text out. Pure.

They are ours rather than a library's: what pages show may hold no style and no script of its own (Content-Security-Policy),
which pygal's drawings need, and a drawing must stretch with the page while its letters do not. Colours are classes.
"""
