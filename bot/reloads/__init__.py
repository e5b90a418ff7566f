"""Reloads: a changed configuration takes effect while the bot runs, and people hear what that changes.

Nouns: reading (a state in which the configuration directory was found: sound, or refused with its problems), reload (a sound reading
takes the place of the one before). Every replica looks for itself; the first to find a reading writes it down and tells of it.

Says upward: ConfigurationInForce.
"""
