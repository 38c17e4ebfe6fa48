"""Bulk jobs that survive a crash: imports of many URLs, renders of many pictures.

`model` is what there is to know of a job, `keys` where it lies, `state` how it gets there
and back, `intake` what a request may ask, `work` how one item is done, `leases` and
`runner` who does it and when. Another runner needs `state` and `work` only.
"""
