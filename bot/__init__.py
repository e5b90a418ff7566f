"""Tocsin: a house of rooms named after the nouns of incident response, stacked in one fixed order (see ARCHITECTURE.md)."""
