"""The configuration page and the editors' schema come from the models and cannot drift from them."""

from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel

from bot.config.models import NAMED, Config
from bot.config.reference import models, reference
from bot.config.schema import json_schema
from bot.config.settings import Settings
from bot.config.tree import read

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_page_is_current() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == reference(), (
        "run: python -m bot.config.reference > docs/configuration.md"
    )


@pytest.mark.parametrize("model", [Config, Settings, *models(Config)], ids=lambda model: model.__name__)
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    assert model.__doc__
    assert [name for name, field in model.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("path", sorted((ROOT / "bot" / "sandbox" / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_each_file_of_the_sandbox_fits_the_schema(path: Path) -> None:
    said = read({path: path.name}, frozenset(NAMED)).raw
    jsonschema.Draft202012Validator(json_schema()).validate(said)


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": {"ana": {}}},
        {"people": {"ana": {"name": "Ana", "nam": "x"}}},
        {"people": {"Ana B": {"name": "Ana"}}},
        {"services": {"x": {"name": "X", "tier": 4}}},
        {"incidents": {"undo_for": "5 minutes"}},
        {"severity": {"decision": {"unknown": {"otherwise": "sev5"}}}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(wrong: dict[str, object]) -> None:
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(wrong)


def test_the_schema_takes_a_level_that_says_one_thing() -> None:
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(
        {"severity": {"sev1": {"answer_within": "3m"}}, "fallback": ["person:ana"]}
    )
