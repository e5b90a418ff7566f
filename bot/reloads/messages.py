"""What reloads announce."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConfigurationInForce:
    """This process follows another configuration from now on, or has started with one. `teams` are the ids of those for whom anything
    about teams or people is another than before."""

    teams: tuple[str, ...]
