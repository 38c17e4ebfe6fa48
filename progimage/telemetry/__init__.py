"""Metrics, tracing, logs and the audit log."""
