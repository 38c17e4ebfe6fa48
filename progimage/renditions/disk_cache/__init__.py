"""Copies of hot public renditions on the local disk of a node, in front of a remote store."""
