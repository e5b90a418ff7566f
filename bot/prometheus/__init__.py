"""Prometheus: what the graphs say, asked over its HTTP API.

Nouns: query (PromQL), value (one number of each series that it finds).
"""
