"""The entry point of `innominatus-ctl` and `python -m innominatus_cli`."""

import gc
import os
import sys


def main() -> None:
    """Runs the command line of this process and ends it with the command's exit status.

    The collector is off until a command that runs for long turns it on, and the interpreter is left without its
    teardown: together a sixth of a short command's time (docs/adr/0004). pydantic looks for no plugins: nothing that is
    installed beside this package runs in its process.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from innominatus_cli.cli.main import run  # noqa: PLC0415 - after the collector is off

    _open_streams()
    status = run(sys.argv[1:])
    os._exit(status)


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
