"""The index that lives in the key space: postings and where they lie."""
