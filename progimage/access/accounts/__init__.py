"""Accounts, and the credentials that prove that a request comes from one.

An account with its sessions and API keys is one object of the store, so every change of
it is one write and cannot be half done.
"""
