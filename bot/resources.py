"""Where the files that travel with the program are: templates, runbooks and playbooks, in a checkout or in an installed wheel."""

from pathlib import Path
from typing import Literal

Resource = Literal["templates", "runbooks", "playbooks"]
PACKAGE = Path(__file__).resolve().parent


def path(name: Resource, package: Path = PACKAGE) -> Path:
    """The directory `name`: inside the package when installed from a wheel, beside it in a checkout."""
    installed = package / "share" / name
    if installed.is_dir():
        return installed
    checkout = package.parent / name
    if (package.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    raise FileNotFoundError(f"'{name}' is neither in {installed} nor in {checkout}; the installation is incomplete")
