"""Quarters of plausible incidents, and what they are searched by."""

from hypothesis import settings

from tests.web.conftest import serve

__all__ = ["serve"]

settings.register_profile("busy machine", deadline=None)  # a shared machine pauses now and then; that is no failure
settings.load_profile("busy machine")
