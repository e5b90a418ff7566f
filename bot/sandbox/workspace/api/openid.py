"""openid.connect.token and openid.connect.userInfo."""

from __future__ import annotations

from bot.sandbox.workspace.api.base import NO_TOKEN_NEEDED, Caller, method
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json


@method("openid.connect.token", 4, tokens=NO_TOKEN_NEEDED)
def openid_connect_token(team: Team, caller: Caller, args: Args) -> Json:
    return team.openid.exchange(args)


@method("openid.connect.userInfo", 3, tokens=("user",))
def openid_connect_user_info(team: Team, caller: Caller, args: Args) -> Json:
    return team.openid.claims(caller.user)
