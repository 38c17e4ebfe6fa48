"""`/images/<id>/srcset`: a picture in several widths."""
