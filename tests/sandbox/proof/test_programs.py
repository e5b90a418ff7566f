"""Where Node is missing, the proof says so; in CI that is a failure."""

from pathlib import Path

import pytest

from tests.sandbox.proof.programs import NODE, node_program


def test_without_node_the_proof_is_skipped_with_a_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TOCSIN_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Node 20 or newer with npm is not installed"):
        node_program()


def test_in_ci_it_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TOCSIN_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="in CI it must be"):
        node_program()


def test_the_lock_file_holds_no_addresses() -> None:
    lock = (NODE / "package-lock.json").read_text()
    assert '"resolved"' not in lock and '"integrity"' in lock
