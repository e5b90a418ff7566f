"""The press: what large libraries make (PDF, pictures, commits) is made in a process of its own, never in the bot's.

Nouns: maker (a function, named `module:function`, that gets one value and gives one), child (the process in which it works).
"""
