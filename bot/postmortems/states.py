"""The life of a postmortem, from the draft that the bot assembles to what everybody may read."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class VersionKind(StrEnum):
    """Where a version of the document comes from."""

    ASSEMBLED = "assembled"  # by the bot, nobody having edited it
    EDITED = "edited"
    MERGED = "merged"  # of what people wrote and what was newer, by the bot or by somebody else
    RESTORED = "restored"  # a version of before


class PostmortemState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"


SENTENCES: Mapping[PostmortemState, str] = MappingProxyType(
    {
        PostmortemState.DRAFT: "Assembled from what happened; people are writing it.",
        PostmortemState.IN_REVIEW: "Others read it and ask for changes.",
        PostmortemState.APPROVED: "As many as are needed agree with it; it may be published.",
        PostmortemState.PUBLISHED: "Everybody who may see the incident can read it.",
    }
)

ALLOWED: Mapping[PostmortemState, frozenset[PostmortemState]] = MappingProxyType(
    {
        PostmortemState.DRAFT: frozenset({PostmortemState.IN_REVIEW}),
        PostmortemState.IN_REVIEW: frozenset({PostmortemState.DRAFT, PostmortemState.APPROVED}),
        # A change takes it back to those who review it; a wish for more of them, or a reopened incident, to the draft.
        PostmortemState.APPROVED: frozenset({PostmortemState.DRAFT, PostmortemState.IN_REVIEW, PostmortemState.PUBLISHED}),
        PostmortemState.PUBLISHED: frozenset({PostmortemState.DRAFT, PostmortemState.IN_REVIEW}),
    }
)


def takes_new_facts(state: PostmortemState) -> bool:
    """Whether newer facts go into the document by themselves. What people review does not change under their eyes: they are offered."""
    return state is PostmortemState.DRAFT
