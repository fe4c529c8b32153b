"""Which addresses are fetched from, and which refs and folders can be."""

import pytest

from innominatus_cli.documents.git_address import folder_of, is_path, is_ref, problem_of


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example/shared.git",
        "https://git.example:8443/team/shared",
        "https://[2001:db8::1]/shared.git",
        "ssh://git@git.example/shared.git",
        "ssh://git.example:2222/shared.git",
        "git@git.example:team/shared.git",
        "git.example:team/shared.git",
        "file:///srv/git/shared.git",
        "/srv/git/shared.git",
        "../shared",
        "./a:b/shared",
    ],
)
def test_an_address_that_starts_nothing_is_good(address: str) -> None:
    assert problem_of(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "-uname",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c whoami",
        "ext::sh",
        "fd::17",
        "http::https://git.example/x",
        "http://git.example/shared.git",
        "git://git.example/shared.git",
        "ftp://git.example/shared.git",
        "ssh://-oProxyCommand=whoami/shared.git",
        "ssh://git@-oProxyCommand=whoami/shared.git",
        "ssh://-l@git.example/shared.git",
        "git@-oProxyCommand=whoami:shared.git",
        "-oProxyCommand=whoami:shared.git",
        "git.example:-shared.git",
        "https://git.example",
        "https:///shared.git",
        "file://host/shared.git",
        "file://",
        "https://git.example/a b",
        "https://git.example/a\nb",
        "https://git.example/\x1b[31m",
        "../shared\u2028",
    ],
)
def test_an_address_that_could_do_something_else_is_refused(address: str) -> None:
    problem = problem_of(address)
    assert problem is not None
    assert not problem.is_secret


@pytest.mark.parametrize(
    "address",
    [
        "https://user:word@git.example/shared.git",
        "https://ghp_token@git.example/shared.git",
        "ssh://git:word@git.example/shared.git",
        "http://user:word@git.example/shared.git",
        "https://git.example/shared.git?private_token=word",
        "user:word@git.example:shared.git",
    ],
)
def test_credentials_are_a_problem_that_nobody_repeats(address: str) -> None:
    problem = problem_of(address)
    assert problem is not None
    assert problem.is_secret
    assert "word" not in problem.message.replace("password", "")
    assert "ghp_" not in problem.message


@pytest.mark.parametrize("text", ["main", "v1.2.3", "feature/x", "refs/heads/main", "HEAD", "a" * 40, "übung", "a@b"])
def test_names_of_branches_tags_and_commits_are_refs(text: str) -> None:
    assert is_ref(text)


@pytest.mark.parametrize(
    "text",
    ["", "-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "*", "a[", "a\\b", "@{1}", "@", "/a", "a/", "a.lock", "a."],
)
def test_what_check_ref_format_forbids_is_no_ref(text: str) -> None:
    assert not is_ref(text)


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("workflows", "workflows"),
        ("./a/b/", "a/b"),
        (".", ""),
        ("a/../b", "b"),
        ("../a", None),
        ("/a", None),
        ("a\\b", None),
    ],
)
def test_a_folder_stays_in_the_other_repository(written: str, folder: str | None) -> None:
    assert folder_of(written) == folder


def test_only_what_is_no_address_is_a_path_of_this_machine() -> None:
    assert [is_path(one) for one in ("../x", "/x", "./a:b", "file:///x", "a:b", "https://a/b")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
