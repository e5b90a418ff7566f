"""Publishing: a published postmortem goes where people keep such things: a canvas, a directory, a git repository.

Nouns: publisher (one place, behind one seam), edition (a version as it goes out), publication (what is out there, and where).
States of a publication: published, withdrawn, failed (`models.py`).

A published version orders one piece of work for each publisher that is configured. A publisher updates its own copy and never makes a
second one; what people edited there by hand stays, by a three-way merge with what was published last.
"""
