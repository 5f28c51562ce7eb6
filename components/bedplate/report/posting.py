"""Puts a report on its pull request: one comment per stack, whose text is replaced at every run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from bedplate.errors import BedplateError, UsageError
from bedplate.report.http import Api, RefusedError, checked_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GITHUB_BOT = "github-actions[bot]"
GITHUB_REF = re.compile(r"refs/pull/(\d+)/")
HEAD = re.compile(r"(?P<branch>[^:@\s]+:\S+)@(?P<commit>[0-9a-f]{40})")
VISIBLE_START = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that is there already."""

    identity: int
    text: str


@dataclass(frozen=True, slots=True)
class Target:
    """A pull or merge request. `path` is where its comments are, `edits` where one of them is, by its identity.

    `author` tells our comments from others: whoever writes our marker into theirs would otherwise get a report under
    their own name, which they could edit. It is a login on GitHub and the number of a user on GitLab.
    `number` is 0 where no open pull request has the wanted commit any more.
    """

    host: Literal["github", "gitlab"]
    api: Api
    number: int
    path: str
    edits: str
    author: str

    @staticmethod
    def from_environment(
        host: Literal["github", "gitlab"],
        *,
        number: int | None = None,
        head: str | None = None,
        author: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Target:
        """Find the target in a job's variables; raises UsageError that names the one that is missing."""
        given = os.environ if variables is None else variables
        if host == "github":
            return _github(given, number, head, author)
        if head is not None or author is not None:
            raise UsageError("--head and --author are for GitHub")
        return _gitlab(given, number)

    def comments(self) -> Iterator[Comment]:
        """Yield our comments, the oldest first, through all pages."""
        for one in self.api.pages(f"{self.path}?per_page=100"):
            if _author(one, self.host) == self.author and not one.get("system"):
                yield Comment(int(one["id"]), str(one.get("body") or ""))


def put_comment(target: Target, marker: str, text: str) -> str:
    """Create the comment that begins with `marker`, or replace its text. Returns what was done, in a sentence."""
    if not target.number:
        return "Nothing was posted: no open pull request has that commit any more."
    for comment in sorted(target.comments(), key=lambda comment: comment.identity):
        if VISIBLE_START.sub("", comment.text, count=1).startswith(marker):
            if comment.text.strip() == text.strip():
                return f"The comment on {target.number} says the same already."
            method = "PATCH" if target.host == "github" else "PUT"
            target.api.send(method, f"{target.edits}/{comment.identity}", {"body": text})
            return f"Updated the comment on {target.number}."
    target.api.send("POST", target.path, {"body": text})
    return f"Commented on {target.number}."


def _github(given: Mapping[str, str], number: int | None, head: str | None, author: str | None) -> Target:
    api = Api(
        checked_root(given.get("GITHUB_API_URL") or "https://api.github.com"),
        {"Authorization": f"Bearer {_needed(given, 'GITHUB_TOKEN')}", "X-GitHub-Api-Version": "2022-11-28"},
    )
    repository = quote(_needed(given, "GITHUB_REPOSITORY"))
    if head is not None:
        number = _with_head(api, repository, head)
    elif number is None:
        number = _from_ref(given)
    path = f"repos/{repository}/issues/{number}/comments"
    return Target("github", api, number, path, f"repos/{repository}/issues/comments", author or GITHUB_BOT)


def _from_ref(given: Mapping[str, str]) -> int:
    found = GITHUB_REF.match(given.get("GITHUB_REF", ""))
    if not found:
        raise UsageError(
            "which pull request? GITHUB_REF names none", hint="pass --pull-request, or --head in a workflow_run"
        )
    return int(found[1])


def _with_head(api: Api, repository: str, head: str) -> int:
    """Return the open pull request from a branch that still has a commit, or 0.

    A workflow that runs after another one knows branch and commit from the event itself. A number in an artifact would
    be the word of the pull request's own code, which could name any other pull request.
    """
    wanted = HEAD.fullmatch(head)
    if not wanted:
        raise UsageError(f"--head is OWNER:BRANCH@COMMIT with the whole commit, not {head!r}")
    query = f"state=open&per_page=100&head={quote(wanted['branch'], safe='')}"
    for one in api.pages(f"repos/{repository}/pulls?{query}"):
        if one["head"]["sha"] == wanted["commit"]:
            return int(one["number"])
    return 0


def _gitlab(given: Mapping[str, str], number: int | None) -> Target:
    api = Api(checked_root(_needed(given, "CI_API_V4_URL")), {"PRIVATE-TOKEN": _needed(given, "GITLAB_TOKEN")})
    project = quote(_needed(given, "CI_PROJECT_ID"), safe="")
    request = number if number is not None else int(_needed(given, "CI_MERGE_REQUEST_IID"))
    path = f"projects/{project}/merge_requests/{request}/notes"
    try:
        user = api.send("GET", "user")
    except RefusedError as error:
        raise BedplateError(error.message, hint="GITLAB_TOKEN must be a project access token with scope api") from None
    return Target("gitlab", api, request, path, path, str(user["id"]))


def _author(comment: Mapping[str, Any], host: str) -> str:
    user = comment.get("user" if host == "github" else "author") or {}
    return str(user.get("login" if host == "github" else "id"))


def _needed(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "")
    if not value:
        raise UsageError(f"{name} is not set", hint="docs/guide/pull-requests.md says where it comes from")
    return value
