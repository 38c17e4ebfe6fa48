from hypothesis import settings

# A machine that is busy with other tests says nothing about ours.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
