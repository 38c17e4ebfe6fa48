"""Webhooks: events are stored with the changes that they report, and sent to receivers.

`outbox` stores events, `recovery` finds those of processes that died, `queue` has what waits for
a receiver, `endpoint` sends one event, `sender` decides which process sends, and when.
"""
