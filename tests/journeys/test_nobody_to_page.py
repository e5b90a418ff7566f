"""When nobody at all can be paged, people are told so, and not that nobody answered."""

import shutil
from pathlib import Path

from bot.clock import FakeClock
from tests.journeys.stories import told
from tests.world import CONFIG, running_world


async def test_where_nobody_can_be_found_the_channel_says_so(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    company = config / "company.yaml"
    company.write_text(company.read_text().replace("executives: [max]", "executives: []").replace('["person:ana", "person:max"]', "[]"))
    async with running_world(sqlite_url, tmp_path, clock, config=config) as world:
        said = told(await world.user("kim").command("/inc sev1 nothing works"))
        await world.settled()
        assert "Nobody could be found to page" in said
        everywhere = "\n".join([*await world.channel_texts(1), *await world.sandbox.channel("ops").texts()])
        assert "Nobody has answered" not in everywhere
        assert everywhere.count("Nobody could be paged") == 2
        assert "/inc page" in everywhere
