"""A commit on top of a repository's branch, pushed: by dulwich, in a process of its own (`bot/press/press.py`).

The newest commit is fetched into an empty repository, the new one is made on it and pushed only if the branch still stands there;
otherwise all of it is done again, so what somebody else pushes meanwhile is never overwritten.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dulwich.client import (
    GitClient,
    HTTPUnauthorized,
    LocalGitClient,
    SubprocessGitClient,
    get_transport_and_path,
)
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository, SendPackError
from dulwich.object_store import tree_lookup_path
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from bot.postmortems.merging import tidy
from bot.publishing.commits import Committed, NotCommitted, Wanted
from bot.publishing.files import merge_files

TRIES = 5
"""How often somebody else may be faster."""
FILE, FOLDER = 0o100644, 0o040000
MOVED = re.compile(
    r"non-fast-forward|fetch first|failed to update ref|cannot lock ref|already exists|unable to set|stale info", re.IGNORECASE
)
AWAY = re.compile(
    r"could not resolve host\w*|name or service not known|connection refused|timed out|unreachable|connection reset|connection closed"
    r"|http resp 5\d\d",
    re.IGNORECASE,
)
OURS = re.compile(r"counting objects|found \d+ deltas|copied \d+|compressing|writing objects", re.IGNORECASE)
"""What is printed about our own pack, and no hook's word."""


class BranchMoved(Exception):
    """Somebody else has pushed."""


class Declined(Exception):
    """The other side said no, in words."""


def commit(wanted: Wanted) -> Committed | NotCommitted:
    """Make the commit. What the repository holds already is not committed again."""
    try:
        client, path = connected(wanted)
        for _ in range(TRIES):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    return once(wanted, client, path, Repo.init_bare(folder))
                except BranchMoved:
                    continue
        return NotCommitted(f"others push to {wanted.branch} all the time", again=True)
    except NotGitRepository:
        return NotCommitted(
            f"there is no git repository at {wanted.repository}. Make one, or mend `publishing.git.repository`.", again=False
        )
    except HTTPUnauthorized:
        why = "the repository does not accept the token. See `publishing.git.token_env` and `username`." if wanted.token else (
            "the repository wants a token. Set `publishing.git.token_env`."
        )  # fmt: skip
        return NotCommitted(why, again=False)
    except (Declined, SendPackError, GitProtocolError, HangupException) as refusal:
        why = said(refusal)
        if away := AWAY.search(why):
            return NotCommitted(f"the repository cannot be reached ({away[0]}).", again=True)
        return NotCommitted(f"the repository refuses it: {why.rstrip('.')}.", again=False)
    except OSError as error:
        is_ours = isinstance(error, PermissionError | FileNotFoundError)
        return NotCommitted(f"the repository cannot be used: {error.strerror or error}.", again=not is_ours)


def said(refusal: Exception) -> str:
    """A refusal in one line."""
    words = refusal.args[0] if refusal.args else type(refusal).__name__
    return " ".join(str(words.decode(errors="replace") if isinstance(words, bytes) else words).split())[:500] or type(refusal).__name__


def connected(wanted: Wanted) -> tuple[GitClient, str]:
    """Whoever speaks with the repository, and its path there."""
    folder = Path(wanted.repository)
    if folder.is_absolute():
        return local(folder, wanted.branch), str(folder)
    login = (wanted.username, wanted.token) if wanted.token else (None, None)
    return get_transport_and_path(wanted.repository, username=login[0], password=login[1], key_filename=wanted.key_file or None)


def local(folder: Path, branch: str) -> GitClient:
    """A repository on this machine: through git, which minds its hooks. Without git it must not have any."""
    if not folder.exists():
        raise NotGitRepository(str(folder))
    with Repo(str(folder)) as repo:
        if not repo.bare and repo.refs.get_symrefs().get(Ref(b"HEAD")) == b"refs/heads/" + branch.encode():
            raise Declined(
                f"{folder} is a checkout of {branch}, which a commit would leave behind. Name a bare repository, or another branch."
            )
        hooks = [name for name in ("pre-receive", "update", "post-receive") if os.access(Path(repo.controldir()) / "hooks" / name, os.X_OK)]
    if shutil.which("git", path=os.defpath):
        return SubprocessGitClient()
    if hooks:
        raise Declined(f"{folder} has hooks ({', '.join(hooks)}), and git, which runs them, is not installed here.")
    return LocalGitClient()


def once(wanted: Wanted, client: GitClient, path: str, repo: Repo) -> Committed:
    """Fetch, commit, push; raises `BranchMoved` when somebody else was faster."""
    branch = Ref(b"refs/heads/" + wanted.branch.encode())
    tip = fetched(client, path, repo, branch, wanted)
    tree = tree_of(repo, tip)
    standing = blob_at(repo, tree, wanted.path)
    result, text = merged(wanted, standing)
    changes: dict[str, bytes | None] = {wanted.path: text.encode(), **wanted.others}
    if all(blob_at(repo, tree, name) == content for name, content in changes.items()):
        return Committed((tip or b"").decode(), result.is_new, result.was_gone, result.is_hand_edited, result.conflicts)
    for name, content in changes.items():
        tree = put(repo, tree, name.split("/"), content)
    made = Commit()
    made.tree, made.parents = tree.id, [tip] if tip else []
    made.author = made.committer = wanted.author.encode()
    made.author_time = made.commit_time = wanted.at
    made.author_timezone = made.commit_timezone = 0
    made.encoding, made.message = b"UTF-8", wanted.message.encode()
    repo.object_store.add_object(made)
    push(client, path, repo, branch, tip, made.id)
    return Committed(made.id.decode(), result.is_new, result.was_gone, result.is_hand_edited, result.conflicts)


def fetched(client: GitClient, path: str, repo: Repo, branch: Ref, wanted: Wanted) -> ObjectID | None:
    """The newest commit of the branch, fetched; None where the repository is empty."""
    tips: list[ObjectID] = []

    def want(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
        heads = {ref for ref in refs if ref.startswith(b"refs/heads/")}
        if heads and branch not in heads:
            raise Declined(f"it has no branch {wanted.branch}. Make it, or mend `publishing.git.branch`.")
        tips.extend(refs[ref] for ref in (branch,) if ref in refs)
        return list(tips)

    client.fetch(path, repo, determine_wants=want, depth=1)
    return tips[0] if tips else None


def merged(wanted: Wanted, standing: bytes | None) -> tuple[Committed, str]:
    """The text that is committed: what is offered, with what people changed in the repository."""
    offered = tidy(wanted.offered)
    if standing is None:
        return Committed("", is_new=not wanted.base, was_gone=bool(wanted.base)), offered
    found = tidy(standing.decode(errors="replace"))
    if not wanted.base:  # an earlier try got through, or a file of the same name was there
        return Committed("", is_new=True), offered
    base = tidy(wanted.base)
    result = merge_files(base, found, offered)
    pairs = tuple((conflict.standing, conflict.offered) for conflict in result.conflicts)
    return Committed("", is_hand_edited=found not in (base, offered), conflicts=pairs), result.markdown


def tree_of(repo: Repo, tip: ObjectID | None) -> Tree:
    """What a commit holds."""
    found = repo[tip] if tip else None
    tree = repo[found.tree] if isinstance(found, Commit) else Tree()
    assert isinstance(tree, Tree)
    return tree


def blob_at(repo: Repo, tree: Tree, path: str) -> bytes | None:
    """What a file holds; None where there is none."""
    try:
        _, sha = tree_lookup_path(repo.__getitem__, tree.id, path.encode()) if len(tree) else (0, None)
    except (KeyError, NotADirectoryError):
        return None
    found = repo[sha] if sha else None
    return found.data if isinstance(found, Blob) else None


def put(repo: Repo, tree: Tree, names: list[str], content: bytes | None) -> Tree:
    """The tree with a file in it, or without it."""
    first, rest = names[0].encode(), names[1:]
    grown, known = Tree(), next((entry for entry in tree.items() if entry.path == first), None)
    for entry in tree.items():
        grown.add(entry.path, entry.mode, entry.sha)
    if rest:
        below = repo[known.sha] if known and known.mode == FOLDER else Tree()
        assert isinstance(below, Tree)
        folder = put(repo, below, rest, content)
        if len(folder):
            grown[first] = (FOLDER, folder.id)
        elif known:
            del grown[first]
    elif content is not None:
        blob = Blob.from_string(content)
        repo.object_store.add_object(blob)
        grown[first] = (FILE, blob.id)
    elif known:
        del grown[first]
    repo.object_store.add_object(grown)
    return grown


def push(client: GitClient, path: str, repo: Repo, branch: Ref, tip: ObjectID | None, made: ObjectID) -> None:
    """Let the branch be at the new commit, if it still stands where it was fetched."""
    heard: list[bytes] = []

    def moves(refs: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
        if refs.get(branch) != tip:
            raise BranchMoved
        return {branch: made}

    def pack(have: Any, want: Any, **more: Any) -> Any:
        return repo.generate_pack_data(set(have), set(want), ofs_delta=more.get("ofs_delta"))

    result = client.send_pack(path.encode(), moves, pack, progress=heard.append)
    trouble = (result.ref_status or {}).get(branch)
    if trouble is None:
        return
    if MOVED.search(str(trouble)):
        raise BranchMoved
    words = " ".join(remarks(b"".join(heard)))
    raise Declined(f"{trouble}: {words}" if words else str(trouble))


def remarks(heard: bytes) -> Iterator[str]:
    """What a hook printed."""
    for line in heard.decode(errors="replace").splitlines():
        if line.strip() and not OURS.search(line):
            yield line.strip()
