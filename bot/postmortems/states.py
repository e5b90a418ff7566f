"""The life of a postmortem, from the draft that the bot assembles to what everybody may read."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class PostmortemState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"


SENTENCES: Mapping[PostmortemState, str] = MappingProxyType(
    {
        PostmortemState.DRAFT: "Assembled from what happened; people are writing it.",
        PostmortemState.IN_REVIEW: "Others read it and ask for changes.",
        PostmortemState.APPROVED: "A reviewer agrees with it; it may be published.",
        PostmortemState.PUBLISHED: "Everybody who may see the incident can read it.",
    }
)

ALLOWED: Mapping[PostmortemState, frozenset[PostmortemState]] = MappingProxyType(
    {
        PostmortemState.DRAFT: frozenset({PostmortemState.IN_REVIEW}),
        PostmortemState.IN_REVIEW: frozenset({PostmortemState.DRAFT, PostmortemState.APPROVED}),
        # A change after approval, or a reopened incident, takes it back to the draft.
        PostmortemState.APPROVED: frozenset({PostmortemState.DRAFT, PostmortemState.PUBLISHED}),
        PostmortemState.PUBLISHED: frozenset({PostmortemState.DRAFT}),
    }
)


def follows_the_incident(state: PostmortemState) -> bool:
    """Whether the bot still assembles it anew when the incident changes. What people review is theirs."""
    return state is PostmortemState.DRAFT
