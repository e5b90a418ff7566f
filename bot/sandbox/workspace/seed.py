"""Who and what is in the workspace when it starts for the first time."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.workspace.model import SLACKBOT, Channel, Kind, Level, User, World, readable_id


@dataclass(frozen=True)
class SeedUser:
    """A person; the id is U0 and the name, the address is name@example.com."""

    name: str
    real_name: str
    tz: str
    level: Level = "member"

    @property
    def id(self) -> str:
        return readable_id("U", self.name)


@dataclass(frozen=True)
class SeedChannel:
    """A channel; nobody named in `members` means everybody who may be in it."""

    name: str
    members: tuple[str, ...] = ()
    kind: Kind = "channel"
    is_general: bool = False

    @property
    def id(self) -> str:
        return readable_id("C", self.name)


@dataclass(frozen=True)
class Seed:
    """The start of a workspace. `user_token` of a person is xoxp-<name>."""

    users: tuple[SeedUser, ...]
    channels: tuple[SeedChannel, ...]
    team_name: str = "Sandbox"
    domain: str = "sandbox"

    def world(self, now: float) -> World:
        """A fresh world at this time (Unix seconds)."""
        world = World(team_name=self.team_name, domain=self.domain)
        world.users[SLACKBOT] = User(SLACKBOT, "slackbot", "Slackbot", updated=int(now))
        for one in self.users:
            email = f"{one.name}@example.com"
            world.users[one.id] = User(one.id, one.name, one.real_name, email, one.tz, one.level, updated=int(now))
        creator = self.users[0].id
        for channel in self.channels:
            members = [
                u.id for u in self.users if (u.name in channel.members) or (not channel.members and u.level in ("member", "admin", "owner"))
            ]
            world.channels[channel.id] = Channel(
                channel.id, channel.name, channel.kind, creator, int(now), members=members, is_general=channel.is_general
            )
        return world


SEED = Seed(
    users=(
        SeedUser("ana", "Ana Silva", "Europe/Lisbon", "owner"),
        SeedUser("bo", "Bo Lindqvist", "Europe/Stockholm", "admin"),
        SeedUser("kim", "Kim Ji-woo", "Asia/Seoul"),
        SeedUser("lee", "Lee O'Hara", "America/New_York"),
        SeedUser("bea", "Bea Müller", "Europe/Berlin"),
        SeedUser("max", "Max Adeyemi", "Africa/Lagos"),
        SeedUser("zoe", "Zoe Park", "America/Los_Angeles", "deactivated"),
        SeedUser("gus", "Gus Guest", "UTC", "single_channel_guest"),
    ),
    channels=(
        SeedChannel("general", is_general=True),
        SeedChannel("ops"),
        SeedChannel("payments", ("ana", "bo", "kim", "lee", "gus")),
    ),
)
