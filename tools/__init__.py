"""Programs that generate parts of the code and of the documentation."""
