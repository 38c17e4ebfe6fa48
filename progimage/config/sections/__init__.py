"""The sections of the settings, a class each."""
