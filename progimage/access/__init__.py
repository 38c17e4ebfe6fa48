"""Accounts, signed links, the transform policy, admission and token buckets."""
