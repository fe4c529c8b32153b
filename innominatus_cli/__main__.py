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

    status = run(sys.argv[1:])
    os._exit(status)


if __name__ == "__main__":
    main()
