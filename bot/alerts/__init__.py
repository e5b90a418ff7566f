"""Alerts: what monitoring says, taken once however often it is said, and turned into incidents.

Nouns: source (who may post, by key), webhook (one delivery), signal (one alert in it), alert (what we know of it), group (alerts that
make one incident), intake (commits waiting webhooks together, and answers each after that commit).
States of an alert: firing, resolved.
"""
