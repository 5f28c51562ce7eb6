"""One comment per stack: found through all pages, replaced, and the token told to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from bedplate.errors import BedplateError, UsageError
from bedplate.report.http import checked_root
from bedplate.report.posting import Target, put_comment
from bedplate.report.render import marker
from tests.report.comment_servers import BOT, OTHER, TOKEN, Host, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER = marker("vision-dev", "bedplate")
TEXT = f"{MARKER}\n### new"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOSTS: tuple[Literal["github", "gitlab"], ...] = ("github", "gitlab")


@pytest.fixture
def host() -> Iterator[Host]:
    with serving() as served:
        yield served


def variables(host: Host) -> dict[str, str]:
    """Return what the jobs of both hosts have in their environment."""
    return {
        "GITHUB_API_URL": host.root,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": "acme/platform",
        "GITHUB_REF": "refs/pull/12/merge",
        "CI_API_V4_URL": f"{host.root}/api/v4",
        "GITLAB_TOKEN": TOKEN,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "12",
    }


def put(host: Host, kind: Literal["github", "gitlab"], text: str = TEXT) -> str:
    """Put a comment as a job of that host does."""
    return put_comment(Target.from_environment(kind, variables=variables(host)), MARKER, text)


PATHS = {
    "github": "/repos/acme/platform/issues/12/comments",
    "gitlab": "/api/v4/projects/42/merge_requests/12/notes",
}
EDITS = {"github": ("PATCH", "/repos/acme/platform/issues/comments/1250"), "gitlab": ("PUT", f"{PATHS['gitlab']}/1250")}


@pytest.mark.parametrize("kind", HOSTS)
def test_the_first_report_is_a_new_comment(host: Host, kind: Literal["github", "gitlab"]) -> None:
    host.add("hello", OTHER)
    assert put(host, kind) == "Commented on 12."
    assert host.texts() == ["hello", TEXT]
    assert ("POST", PATHS[kind]) in host.requests


@pytest.mark.parametrize("kind", HOSTS)
def test_the_comment_is_found_on_the_third_page(host: Host, kind: Literal["github", "gitlab"]) -> None:
    for number in range(280):
        host.add(f"{MARKER}\n### old" if number == 250 else f"comment {number}")
    assert put(host, kind) == "Updated the comment on 12."
    assert host.texts()[250] == TEXT
    assert len(host.comments) == 280
    assert EDITS[kind] in host.requests
    assert sum(method == "GET" and PATHS[kind] in path for method, path in host.requests) == 3


@pytest.mark.parametrize("kind", HOSTS)
def test_a_second_run_changes_nothing(host: Host, kind: Literal["github", "gitlab"]) -> None:
    put(host, kind)
    assert put(host, kind, f"{TEXT}\n") == "The comment on 12 says the same already."
    assert host.texts() == [TEXT]
    assert sum(method != "GET" for method, _ in host.requests) == 1


def test_the_comment_of_another_stack_stays(host: Host) -> None:
    other = marker("vision-prod", "bedplate")
    host.add(f"{other}\n### other")
    put(host, "github")
    assert host.texts() == [f"{other}\n### other", TEXT]


@pytest.mark.parametrize("kind", HOSTS)
def test_whoever_writes_our_marker_does_not_get_our_report(host: Host, kind: Literal["github", "gitlab"]) -> None:
    host.add(f"{MARKER}\nforged", OTHER)
    host.add(f"quoted:\n{MARKER}")
    host.add(f"{MARKER}\n### changed the description", system=True)
    put(host, kind)
    assert host.texts()[0] == f"{MARKER}\nforged"
    assert host.texts()[-1] == TEXT
    assert len(host.comments) == 4


def test_another_author_can_be_ours(host: Host) -> None:
    host.add(f"{MARKER}\nold", OTHER)
    target = Target.from_environment("github", author="somebody", variables=variables(host))
    assert put_comment(target, MARKER, TEXT) == "Updated the comment on 12."


def test_the_pull_request_of_a_commit(host: Host) -> None:
    host.pulls = [{"number": 3, "head": {"sha": "f" * 40}}, {"number": 4, "head": {"sha": COMMIT}}]
    target = Target.from_environment("github", head=f"fork:a/branch@{COMMIT}", variables=variables(host))
    assert put_comment(target, MARKER, TEXT) == "Commented on 4."
    assert ("GET", "/repos/acme/platform/pulls?state=open&per_page=100&head=fork%3Aa%2Fbranch") in host.requests


def test_a_commit_that_was_pushed_over_is_not_reported(host: Host) -> None:
    host.pulls = [{"number": 3, "head": {"sha": "f" * 40}}]
    target = Target.from_environment("github", head=f"acme:b@{COMMIT}", variables=variables(host))
    assert put_comment(target, MARKER, TEXT) == "Nothing was posted: no open pull request has that commit any more."
    assert host.comments == []


@pytest.mark.parametrize("head", ["branch@" + COMMIT, "a:b@123", "a:b", f"a:b c@{COMMIT}", ""])
def test_a_head_of_another_form_is_refused(host: Host, head: str) -> None:
    with pytest.raises(UsageError, match="OWNER:BRANCH@COMMIT"):
        Target.from_environment("github", head=head, variables=variables(host))


MISSING = [
    "GITHUB_TOKEN",
    "GITHUB_REPOSITORY",
    "GITLAB_TOKEN",
    "CI_PROJECT_ID",
    "CI_MERGE_REQUEST_IID",
    "CI_API_V4_URL",
]


@pytest.mark.parametrize("name", MISSING)
def test_a_variable_that_is_missing_is_named(host: Host, name: str) -> None:
    given = {**variables(host), name: ""}
    with pytest.raises(UsageError, match=f"{name} is not set"):
        Target.from_environment("github" if name.startswith("GITHUB") else "gitlab", variables=given)


def test_a_job_without_a_pull_request(host: Host) -> None:
    with pytest.raises(UsageError, match="which pull request"):
        Target.from_environment("github", variables={**variables(host), "GITHUB_REF": "refs/heads/main"})


def test_a_token_without_the_right_to_comment(host: Host) -> None:
    host.refuse = {"POST": 403}
    with pytest.raises(BedplateError, match="403 Resource not accessible by integration") as refused:
        put(host, "github")
    assert refused.value.hint == "may the token write comments there?"
    assert TOKEN not in f"{refused.value.message}{refused.value.hint}{refused.value!r}"


def test_a_gitlab_token_that_is_none(host: Host) -> None:
    with pytest.raises(BedplateError, match="401 Bad credentials") as refused:
        Target.from_environment("gitlab", variables={**variables(host), "GITLAB_TOKEN": "wrong-one"})
    assert "project access token" in refused.value.hint
    assert "wrong-one" not in refused.value.message


def test_the_token_goes_to_no_other_server(host: Host) -> None:
    with serving() as elsewhere:
        for _ in range(101):
            host.add("comment")
        host.next_page = f"{elsewhere.root}/repos?page=2"
        with pytest.raises(BedplateError, match="another server"):
            put(host, "github")
        host.redirect = f"{elsewhere.root}/repos"
        with pytest.raises(BedplateError, match="302"):
            put(host, "github")
        assert elsewhere.requests == []


def test_a_server_that_never_ends_its_pages(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bedplate.report.http.MOST_PAGES", 3)
    for _ in range(101):
        host.add("comment")
    host.next_page = f"{host.root}/repos/acme/platform/issues/12/comments?page=1"
    with pytest.raises(BedplateError, match="more than 3 pages"):
        put(host, "github")


def test_no_representation_holds_the_token(host: Host) -> None:
    assert TOKEN not in repr(Target.from_environment("github", variables=variables(host)))


def test_a_server_that_is_not_there() -> None:
    with serving() as gone:
        given = variables(gone)
    with pytest.raises(BedplateError, match="refused"):
        put_comment(Target.from_environment("github", variables=given), MARKER, TEXT)


ADDRESSES = {
    "https://api.github.com": True,
    "https://git.example/api/v3/": True,
    "http://127.0.0.1:8080": True,
    "http://localhost:8080": True,
    "http://git.example": False,
    "http://127.0.0.1.evil.example": False,
    "ftp://git.example": False,
    "file:///etc/passwd": False,
    "git.example": False,
}


@pytest.mark.parametrize(("address", "allowed"), ADDRESSES.items(), ids=ADDRESSES)
def test_a_token_travels_encrypted_or_stays_on_the_machine(address: str, allowed: bool) -> None:
    if allowed:
        assert checked_root(address) == address.rstrip("/")
    else:
        with pytest.raises(UsageError, match="in the clear"):
            checked_root(address)


def test_the_bot_is_the_one_of_the_workflow(host: Host) -> None:
    assert Target.from_environment("github", variables=variables(host)).author == BOT["login"]
    assert Target.from_environment("gitlab", variables=variables(host)).author == str(BOT["id"])
