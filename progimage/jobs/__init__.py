"""Bulk jobs that survive a crash: imports of many URLs, renders of many pictures.

`model` has the data of a job, `keys` its store keys, `state` reads and writes it, `creation`
checks requests for new jobs, `work` does one item, and `leases` and `runner` decide which
process does it and when. Another runner needs only `state` and `work`.
"""
