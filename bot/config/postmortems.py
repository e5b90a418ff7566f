"""What becomes of a postmortem: until when it is written and published, and how many have to agree."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from bot.config.values import Duration, Filled, Strict


class PostmortemRules(Strict):
    """What one severity asks of a postmortem. Days are counted from the resolve; one that falls on a weekend means the Monday after."""

    review_within: Duration | None = Field(
        default=None, description="A draft is in review within this time; its owner is reminded. Empty: whenever somebody likes."
    )
    publish_within: Duration | None = Field(default=None, description="It is published within this time. Empty: whenever somebody likes.")
    approvals: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1, description="So many people have to approve it, its owner and whoever wrote it alone not counting."
    )


# Within a week people still remember; what hurt more is owed sooner, and read by more than one pair of eyes.
SEV1 = PostmortemRules(review_within=timedelta(days=5), publish_within=timedelta(days=10), approvals=2)
SEV2 = PostmortemRules(review_within=timedelta(days=7), publish_within=timedelta(days=14))
SEV3 = PostmortemRules(review_within=timedelta(days=14), publish_within=timedelta(days=28))
SEV4 = PostmortemRules()


class PostmortemPolicy(Filled):
    """What each severity asks of a postmortem."""

    sev1: PostmortemRules = Field(default=SEV1, description="For a SEV1.")
    sev2: PostmortemRules = Field(default=SEV2, description="For a SEV2.")
    sev3: PostmortemRules = Field(default=SEV3, description="For a SEV3.")
    sev4: PostmortemRules = Field(default=SEV4, description="For a SEV4: one is written when somebody asks for it.")

    def rules(self, severity: int) -> PostmortemRules:
        """What severity 1 to 4 asks."""
        return (self.sev1, self.sev2, self.sev3, self.sev4)[severity - 1]
