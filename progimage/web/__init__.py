"""HTTP: parse → authorise → find → render → respond. The only package that knows Falcon."""
