"""What is measured: each case takes a `Bench` and returns tables."""
