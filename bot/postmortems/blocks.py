"""How a postmortem looks in Slack."""

from bot.incidents.models import Incident
from bot.postmortems.models import Postmortem
from bot.slack.text import link


def one_line(incident: Incident, postmortem: Postmortem, url: str) -> str:
    """Which document it is, in which state, and where, in mrkdwn."""
    what = f"postmortem of #{incident.number}"
    return f"{link(url, what)}, {postmortem.state.value.replace('_', ' ')}, version {postmortem.version}"
