"""`/jobs/` and `/jobs/<id>/`."""
