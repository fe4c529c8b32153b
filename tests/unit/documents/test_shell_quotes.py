"""What stands between double quotes of a shell script; what is not understood does not."""

import pytest

from innominatus_cli.documents.shell_quotes import between_double_quotes, gives_text_to_code

TAG = "{{ .parameters.x }}"


@pytest.mark.parametrize(
    "script",
    [
        f'echo "{TAG}"',
        f'echo "a \\" {TAG} b"',
        f'X=$(curl -d "{{\\"a\\": \\"{TAG}\\"}}" "$URL")',
        f'echo "$(curl -d "{TAG}")"',
        f'X="${{X:-{TAG}}}"',
        f'cat <<EOF\nit\'s "quoted\nEOF\necho "{TAG}"',
        f'cat <<-\'EOF\'\n\t"\n\tEOF\necho "{TAG}"',
        f'# it\'s a comment\necho "{TAG}"',
        f'(cd x && echo "{TAG}")',
        f'cat <<< "{TAG}"',
        f'echo \'"\' "{TAG}"',
    ],
)
def test_between_double_quotes(script: str) -> None:
    assert between_double_quotes(script, [script.index(TAG)]) == {script.index(TAG)}


@pytest.mark.parametrize(
    "script",
    [
        f"echo {TAG}",
        f"echo '{TAG}'",
        f'echo "a" {TAG}',
        f"cat <<EOF\n{TAG}\nEOF",
        f'cat <<EOF\n"{TAG}"\nEOF',
        f'echo "$(echo {TAG})"',
        f"X=${{X:-{TAG}}}",
        f'X=`echo "a"` Y="{TAG}"',
        f'X=$((1 + 1)); Y="{TAG}"',
        f"X=$'a' Y=\"{TAG}\"",
        f'X="${{X:-"a"}}{TAG}"',
        f'X=$(case a in a) echo;; esac) Y="{TAG}"',
        f'# "{TAG}"',
        f'echo "a" # "{TAG}',
    ],
)
def test_elsewhere_or_not_understood(script: str) -> None:
    assert between_double_quotes(script, [script.index(TAG)]) == frozenset()


@pytest.mark.parametrize(
    "script",
    [
        'eval "$X"',
        'bash -c "$X"',
        'sudo sh -xc "$X"',
        'python3 -c "$X"',
        "perl -pe '$X'",
        '[[ "$X" -eq 1 ]]',
        "(( X > 1 ))",
        "printf -v X a",
        'psql "$URL" -c "$X"',
        'ssh host "$X"',
    ],
)
def test_what_takes_text_for_code(script: str) -> None:
    assert gives_text_to_code(script)


@pytest.mark.parametrize(
    "script", ["#!/bin/bash\nset -e\ncurl -s -d x", 'echo "$X" | grep -o "a" | cut -d: -f2', "cat a | sed '/b/d'"]
)
def test_what_does_not(script: str) -> None:
    assert not gives_text_to_code(script)
