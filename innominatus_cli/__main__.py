"""The entry point of `innominatus-ctl` and `python -m innominatus_cli`."""

import gc
import os
import sys
from types import ModuleType
from typing import Any

from innominatus_cli import __version__

_COMPLETING = "_INNOMINATUS_CTL_COMPLETE"
"""With this a shell asks for completions; click answers, whatever the arguments are."""

_INTERRUPTED = 130
"""`ExitStatus.INTERRUPTED`, which is not imported yet."""


def main() -> None:
    """Runs the command line of this process and ends it with the command's exit status.

    The collector is off until a command that runs for long turns it on, and the interpreter is left without its
    teardown (docs/adr/0013). pydantic looks for no plugins: nothing that is installed beside this package runs in its
    process.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _open_streams()
    if sys.argv[1:] == ["--version"] and _COMPLETING not in os.environ and _told(f"innominatus-ctl {__version__}\n"):
        os._exit(0)  # what `cli.main` would tell, without click
    sys.modules.setdefault("inspect", LateInspect("inspect"))
    try:
        from innominatus_cli.cli.main import run  # noqa: PLC0415 - after the collector is off

        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the first modules are read
        status = _INTERRUPTED
    os._exit(status)


def _told(text: str) -> bool:
    """Whether stdout took a text; where not, the error is for the usual way to tell."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        return False
    return True


class LateInspect(ModuleType):
    """Stands for the standard library's `inspect` until somebody needs it.

    click imports that module, which is large, to clean the indentation of help texts; those of options are one line.
    """

    def cleandoc(self, doc: str) -> str:
        """A text without the indentation that is common to its lines, as `inspect.cleandoc` gives it."""
        if "\n" not in doc and "\t" not in doc:
            return doc.lstrip()
        cleaned: str = self.__getattr__("cleandoc")(doc)
        return cleaned

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever that module has
        if sys.modules.get("inspect") is self:
            del sys.modules["inspect"]
        import inspect  # noqa: PLC0415

        self.__dict__.update(inspect.__dict__)
        return getattr(inspect, name)


def _open_streams() -> None:
    """Gives closed standard streams a descriptor, so that no file of ours takes its number.

    What is written to a closed stdout is lost, as `ExitStatus.OUTPUT_LOST` says; a closed stderr takes everything.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, flags), number)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    main()
