"""Fetching a remote picture safely: public addresses only, with limits on time and bytes."""
