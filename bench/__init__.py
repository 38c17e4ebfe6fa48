"""Side-by-side benchmarks: ProgImage, its peers and nginx on one machine, in one run."""
