"""Who may do what, and how much of it: accounts, signed links, policy and rate limits."""
