"""Copy one store into another while both serve."""
