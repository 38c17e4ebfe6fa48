"""The operations. To add one, write one decorated function in the module where it belongs.

A module is listed once, in `registry.py`.
"""
