"""`/uploads/` and `/uploads/<id>/`: resumable uploads by tus or plain PUT."""
