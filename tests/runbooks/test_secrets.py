"""What is known to be secret, and to whom."""

import shutil
from pathlib import Path

import pytest

from bot.config.loader import load
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.runbooks.secrets import Secrets
from tests.world import CONFIG

HERE = """
environments:
  here: {inventory: hosts.ini, vault_password_file: password, env: [TOKEN, MISSING]}
  elsewhere: {inventory: hosts.ini, vault_password_file: only-there, queue: far}
"""


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    (config / "fleet.yaml").write_text(HERE)
    (config / "password").write_text("the-password\n")
    return Secrets(Directory(load(config, {})), config, {"TOKEN": "the-token"}, ["of-the-bot"])


async def test_a_vault_that_only_another_machine_opens_is_in_nobodys_way_here(secrets: Secrets) -> None:
    await secrets.learn("here")
    assert {"the-password", "the-token", "of-the-bot"} <= secrets.hiding().values
    with pytest.raises(InvalidInput, match="only-there, for the vault of elsewhere: No such file"):
        await secrets.learn("elsewhere")
    assert "the-token" not in (await secrets.known()).text("it is the-token")


def test_a_variable_that_is_not_set_is_named_before_anything_runs(secrets: Secrets) -> None:
    with pytest.raises(InvalidInput, match="here hands MISSING to its runs, which is not set here"):
        secrets.handed("here")
