"""Pictures: what they are, how they are read, transformed and written.

The only package that knows Pillow, libmagic and the resampling library.
"""
