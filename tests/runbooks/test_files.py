"""Files that playbooks leave: bounded, and with names that are safe to show."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.runbooks.files import LARGEST, MOST, collected, safe_name
from bot.runbooks.hiding import MASK, Hiding


@given(st.text(max_size=120))
def test_a_name_is_safe_whatever_a_playbook_calls_its_file(name: str) -> None:
    safe = safe_name(Path(name))
    assert safe
    assert len(safe) <= 100
    assert not safe.startswith((".", "-"))
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def test_what_is_left_is_taken_bounded_without_secrets_and_without_following_anything(tmp_path: Path) -> None:
    for number in range(MOST + 2):
        (tmp_path / f"{number:02}.txt").write_text("the key is s3cret-7391")
    (tmp_path / "00.txt").write_bytes(b"x" * LARGEST + b"the end")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b?.log").write_text("deep")
    (tmp_path / "a" / "b!.log").write_text("its twin")
    (tmp_path / "01.txt").unlink()
    os.mkfifo(tmp_path / "01.txt")
    (tmp_path / "02.txt").unlink()
    (tmp_path / "02.txt").symlink_to("/etc/hostname")
    (tmp_path / "linked").symlink_to("/etc")
    taken, left_out = collected(tmp_path, Hiding(["s3cret-7391"]))
    files = {file.name: file for file in taken}
    assert len(files) == MOST
    assert (files["00.txt"].cut, files["00.txt"].content[-7:]) == (7, b"the end")
    assert files["03.txt"].content == f"the key is {MASK}".encode()
    assert [line.partition(":")[0] for line in left_out] == ["01.txt", "02.txt", "a-b_.log", "a-b_.log"]


def test_two_files_of_one_safe_name_are_both_taken(tmp_path: Path) -> None:
    for name in ("b?.log", "b!.log"):
        (tmp_path / name).write_text(name)
    assert {file.name: file.content for file in collected(tmp_path, Hiding())[0]} == {"b_.log": b"b!.log", "2-b_.log": b"b?.log"}


def test_a_run_that_left_nothing_left_nothing(tmp_path: Path) -> None:
    assert collected(tmp_path / "never", Hiding()) == ([], [])
