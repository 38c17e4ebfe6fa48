"""Webhooks: events are stored with the changes that they report, and sent to receivers.

`outbox` stores events, `recovery` finds those of processes that died, `queue` has the events of a
receiver, `endpoint` sends one event, `sender` decides which process sends them, and when.
"""
