"""The workflows that users copy: nothing of a pull request gets a token, and what judges it is not its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / "workflows" / "github"
GITLAB = ROOT / "workflows" / "gitlab" / "bedplate-preview.gitlab-ci.yml"
PREVIEW, COMMENT = "bedplate-preview.yml", "bedplate-comment.yml"
FULL_COMMIT = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")


def workflow(name: str) -> dict[str, Any]:
    """Return a workflow of GitHub; YAML 1.1 reads its `on` as True."""
    read: dict[Any, Any] = yaml.safe_load((GITHUB / name).read_text(encoding="utf-8"))
    read["on"] = read.pop(True)
    read["on"] = {read["on"]: None} if isinstance(read["on"], str) else read["on"]
    return read


def steps(name: str) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a workflow."""
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def script(name: str, job: str, step: str) -> str:
    """Return the shell script of a step."""
    found = [one for one in workflow(name)["jobs"][job]["steps"] if one.get("name", "").startswith(step)]
    text: str = found[0]["run"]
    return text


def gitlab() -> dict[str, Any]:
    """Return the jobs of GitLab."""
    read: dict[str, Any] = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    return read


def test_no_workflow_runs_on_pull_request_target() -> None:
    assert set(workflow(PREVIEW)["on"]) == {"pull_request"}
    assert set(workflow(COMMENT)["on"]) == {"workflow_run"}


def test_nothing_is_permitted_but_what_a_job_names() -> None:
    permitted = {
        (name, job): text["permissions"] for name in (PREVIEW, COMMENT) for job, text in workflow(name)["jobs"].items()
    }
    assert workflow(PREVIEW)["permissions"] == workflow(COMMENT)["permissions"] == {}
    assert permitted == {
        (PREVIEW, "stacks"): {"contents": "read"},
        (PREVIEW, "simulated"): {"contents": "read"},
        (PREVIEW, "real"): {"contents": "read", "id-token": "write"},
        (PREVIEW, "judged"): {"contents": "read"},
        (PREVIEW, "verdict"): {},
        (COMMENT, "comment"): {"actions": "read", "contents": "read", "pull-requests": "write"},
    }


def test_what_runs_code_of_the_pull_request_has_no_secret_and_no_token() -> None:
    text = (GITHUB / PREVIEW).read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "github.token" not in text
    assert "GITHUB_TOKEN" not in text


def test_forks_get_no_credentials() -> None:
    real = workflow(PREVIEW)["jobs"]["real"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in real["if"]
    assert real["environment"]
    simulated = workflow(PREVIEW)["jobs"]["simulated"]
    assert "credentials" not in str(simulated["steps"]).replace("persist-credentials", "")
    assert "|| github.event.pull_request.head.repo.full_name != github.repository" in simulated["if"]


def test_what_comments_runs_no_code_of_the_pull_request() -> None:
    checkouts = [step for step in steps(COMMENT) if step.get("uses", "").startswith("actions/checkout@")]
    assert [set(step["with"]) for step in checkouts] == [{"persist-credentials"}]
    run = script(COMMENT, "comment", "Comment")
    assert '--head "$OWNER:$BRANCH@$COMMIT"' in run
    assert "--caps policies/caps.yaml" in run


@pytest.mark.parametrize("name", [PREVIEW, COMMENT])
def test_every_action_is_pinned_and_no_checkout_leaves_its_token(name: str) -> None:
    used = [step for step in steps(name) if "uses" in step]
    assert used
    for step in used:
        assert FULL_COMMIT.fullmatch(step["uses"]), step["uses"]
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", [PREVIEW, COMMENT])
def test_no_value_of_an_event_is_pasted_into_a_script(name: str) -> None:
    assert [step["run"] for step in steps(name) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("job", ["simulated", "real"])
def test_the_base_branch_judges(job: str) -> None:
    found = workflow(PREVIEW)["jobs"][job]["steps"]
    base = next(step for step in found if step.get("with", {}).get("path") == "base")
    assert base["with"]["ref"] == "${{ github.base_ref }}"
    scripts = "\n".join(step.get("run", "") for step in found)
    assert 'policies="$PWD/base/policies"' in scripts
    assert '--policy-pack "$policies"' in scripts


def test_what_judges_runs_on_a_machine_that_ran_no_code_of_the_pull_request() -> None:
    judged = workflow(PREVIEW)["jobs"]["judged"]
    checkouts = [step["with"] for step in judged["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert [one["ref"] for one in checkouts] == ["${{ github.base_ref }}"]
    scripts = "\n".join(step.get("run", "") for step in judged["steps"])
    assert set(re.findall(r"--caps (\S+)", scripts)) == {"policies/caps.yaml"}
    assert set(re.findall(r"(\S*)/bedplate report", scripts)) == {".venv/bin"}
    assert "change/" not in scripts.replace("$RUNNER_TEMP/preview/change/stacks/", "")
    assert judged["steps"][-1]["run"].rstrip().endswith("--check")
    assert "--check" not in str([workflow(PREVIEW)["jobs"][job]["steps"] for job in ("simulated", "real")])


def test_gitlab_parses_and_separates_code_from_the_token() -> None:
    jobs = gitlab()
    token = [name for name, job in jobs.items() if "GITLAB_TOKEN" in str(job)]
    assert token == ["bedplate-comment"]
    comment = "\n".join(jobs["bedplate-comment"]["script"])
    assert "make install" not in comment
    assert re.findall(r"\S+/bedplate\b", comment) == ['"$BASE/.venv/bin/bedplate']
    assert "CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in str(jobs["bedplate-comment"]["rules"])
    assert "CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in str(jobs["bedplate-preview-real"]["rules"])
    assert "CI_MERGE_REQUEST_SOURCE_PROJECT_ID != $CI_PROJECT_ID" in str(jobs["bedplate-preview"]["rules"])


@pytest.mark.parametrize("job", ["bedplate-preview", "bedplate-preview-real"])
def test_the_target_branch_judges_on_gitlab(job: str) -> None:
    scripts = "\n".join([*gitlab()[".bedplate"]["before_script"], *gitlab()[job]["script"]])
    assert 'git fetch --quiet origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"' in scripts
    assert set(re.findall(r"--policy-pack (\S+)", scripts)) == {'"$BASE/policies"'}
    assert "--check" not in scripts


def test_what_judges_on_gitlab_runs_no_code_of_the_merge_request() -> None:
    job = gitlab()["bedplate-judge"]
    scripts = "\n".join(job["script"])
    assert re.findall(r"make .*", scripts) == ['make -C "$BASE" install']
    assert re.findall(r"\S+/bedplate\b", scripts) == ['"$BASE/.venv/bin/bedplate']
    assert set(re.findall(r"--caps (\S+)", scripts)) == {'"$BASE/policies/caps.yaml"'}
    assert "--check || failed=1" in scripts
    assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]


RESULTS = {
    ('["vision-dev"]', "success success skipped success"): 0,
    ('["vision-dev"]', "success skipped success success"): 0,
    ("[]", "success skipped skipped skipped"): 0,
    ('["vision-dev"]', "success skipped skipped skipped"): 1,
    ('["vision-dev"]', "success success skipped failure"): 1,
    ('["vision-dev"]', "success failure skipped skipped"): 1,
    ('["vision-dev"]', "success failure skipped success"): 1,
    ('["vision-dev"]', "success cancelled skipped success"): 1,
    ("", "failure skipped skipped skipped"): 1,
    ('["vision-dev"]', "success cancelled skipped skipped"): 1,
    ("", "cancelled skipped skipped skipped"): 1,
}


@pytest.mark.parametrize(("said", "code"), RESULTS.items(), ids=map(" ".join, RESULTS))
def test_one_check_stands_for_all_previews(said: tuple[str, str], code: int, tmp_path: Path) -> None:
    job = workflow(PREVIEW)["jobs"]["verdict"]
    assert job["if"] == "always()"
    assert set(job["needs"]) == set(workflow(PREVIEW)["jobs"]) - {"verdict"}
    stacks, results = said
    told = {"STACKS": stacks, "RESULTS": results, "JUDGED": results.split()[-1]}
    assert shell(script(PREVIEW, "verdict", "No preview"), tmp_path, told).returncode == code


def test_no_path_keeps_the_required_check_from_starting() -> None:
    assert workflow(PREVIEW)["on"]["pull_request"] is None


CHANGED: dict[str, tuple[list[str], list[str]]] = {
    "one stack file": (["stacks/Pulumi.vision-dev.yaml"], ["vision-dev"]),
    "two of them": (
        ["stacks/Pulumi.vision-dev.yaml", "stacks/Pulumi.speech-dev.yaml"],
        ["speech-dev", "vision-dev"],
    ),
    "what all stacks share": (["policies/caps.yaml"], ["platform-prod", "vision-dev"]),
    "the images that every stack runs": (["images.lock.yaml"], ["platform-prod", "vision-dev"]),
    "what installs the program": (["Makefile"], ["platform-prod", "vision-dev"]),
    "a new stack and the program": (
        ["stacks/Pulumi.speech-dev.yaml", "__main__.py"],
        ["platform-prod", "speech-dev", "vision-dev"],
    ),
    "a name that is a command": (["stacks/Pulumi.$(id).yaml", "stacks/Pulumi.vision-dev.yaml"], ["vision-dev"]),
    "the documentation": (["README.md"], []),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with two stacks on its base branch."""
    for name in (
        "stacks/Pulumi.vision-dev.yaml",
        "stacks/Pulumi.platform-prod.yaml",
        "policies/caps.yaml",
        "__main__.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("base\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    return tmp_path


def shell(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as a job does."""
    command = ["bash", "-e", "-c", script]
    variables = {**os.environ, **variables}
    return subprocess.run(command, cwd=folder, env=variables, text=True, capture_output=True, check=False)


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular."""
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def commit(folder: Path) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")


@pytest.mark.parametrize(("files", "wanted"), CHANGED.values(), ids=CHANGED)
def test_the_stacks_that_a_change_touches(repository: Path, files: list[str], wanted: list[str]) -> None:
    for name in files:
        (repository / name).write_text("changed\n", encoding="utf-8")
    commit(repository)
    output = repository / "output"
    run = script(PREVIEW, "stacks", "Changed stack files")
    assert shell(run, repository, {"GITHUB_OUTPUT": str(output)}).returncode == 0
    name, _, stacks = output.read_text(encoding="utf-8").strip().partition("=")
    assert name == "stacks"
    assert sorted(json.loads(stacks)) == wanted


@pytest.mark.parametrize(("files", "wanted"), CHANGED.values(), ids=CHANGED)
def test_the_stacks_that_a_change_touches_on_gitlab(repository: Path, files: list[str], wanted: list[str]) -> None:
    git(repository, "fetch", "--quiet", str(repository), "main")
    for name in files:
        (repository / name).write_text("changed\n", encoding="utf-8")
    commit(repository)
    run = next(text for text in gitlab()["bedplate-preview"]["script"] if text.startswith("pattern="))
    done = subprocess.run(
        ["bash", "-c", f"{run}\necho $STACKS"], cwd=repository, text=True, capture_output=True, check=True
    )
    assert sorted(done.stdout.split()) == wanted


STUB = """#!/bin/bash
echo "$(basename "$PWD") bedplate $*" >> "$LOG"
case "$*" in *"pulumi preview"*) echo '{}'; exit 1 ;; esac
"""


def test_the_simulated_preview_compares_with_the_base_and_survives_a_refusal(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = tmp_path / "base" / ".venv" / "bin" / "bedplate"
    for folder in (program.parent, tmp_path / "base" / "stacks", tmp_path / "change"):
        folder.mkdir(parents=True)
    program.write_text(STUB, encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "base" / "stacks" / "Pulumi.vision-dev.yaml").write_text("", encoding="utf-8")
    run = script(PREVIEW, "simulated", "Preview on simulated clouds")
    told = {"STACK": "vision-dev", "RUNNER_TEMP": "/temp", "LOG": str(log)}
    assert shell(run, tmp_path, told).returncode == 0
    up, preview = log.read_text(encoding="utf-8").splitlines()
    assert up.startswith("base bedplate sim --home /temp/simulation -- pulumi up --yes --skip-preview")
    assert preview.startswith("change bedplate sim --home /temp/simulation -- pulumi preview --json")
    assert f"--policy-pack {tmp_path}/base/policies --stack vision-dev" in preview
    assert (tmp_path / "preview.json").read_text(encoding="utf-8") == "{}\n"


def test_the_comments_are_posted_for_each_preview_and_one_failure_fails_the_job(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = tmp_path / ".venv" / "bin" / "bedplate"
    program.parent.mkdir(parents=True)
    program.write_text(STUB.replace('"pulumi preview"', "vision-dev"), encoding="utf-8")
    program.chmod(0o755)
    for stack in ("speech-dev", "vision-dev"):
        folder = tmp_path / "previews" / f"preview-{stack}"
        folder.mkdir(parents=True)
        (folder / "preview.json").write_text("{}", encoding="utf-8")
    (tmp_path / "previews" / "preview-empty").mkdir()
    told = {"RUNNER_TEMP": str(tmp_path), "LOG": str(log), "OWNER": "a", "BRANCH": "b$(id)", "COMMIT": "c"}
    run = script(COMMENT, "comment", "Comment")
    done = subprocess.run(
        ["bash", "-c", run], cwd=tmp_path, env={**os.environ, **told}, check=False, capture_output=True
    )
    assert done.returncode == 1
    lines = log.read_text(encoding="utf-8").splitlines()
    assert [line.rpartition("--post")[2] for line in lines] == [" github --head a:b$(id)@c"] * 2
    assert "Pulumi.speech-dev.yaml" in lines[0]
