"""What an operator runs on a store: check, reindex, gc, copy-store, erase."""
