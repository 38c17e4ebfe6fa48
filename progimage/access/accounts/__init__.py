"""Who there is: accounts, and the credentials that prove that a request comes from one.

An account with its sessions and API keys is one object of the store, so that every
change of it is one write: there is no order in which half of it could be done.
"""
