"""Templates, runbooks and playbooks are found in a checkout and in an installed wheel."""

from pathlib import Path

import pytest

from bot import resources


def test_in_a_checkout_they_stand_beside_the_package() -> None:
    assert resources.path("templates") == Path(resources.__file__).resolve().parent.parent / "templates"


def test_in_a_wheel_they_are_inside_the_package(tmp_path: Path) -> None:
    share = tmp_path / "site-packages" / "bot" / "share" / "runbooks"
    share.mkdir(parents=True)
    (tmp_path / "site-packages" / "runbooks").mkdir()
    assert resources.path("runbooks", tmp_path / "site-packages" / "bot") == share


def test_a_stray_folder_beside_an_installed_package_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    with pytest.raises(FileNotFoundError, match="the installation is incomplete"):
        resources.path("templates", tmp_path / "bot")
