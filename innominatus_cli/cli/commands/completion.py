"""`completion`: the script that makes a shell complete commands, options and values."""

import click
from click.shell_completion import get_completion_class

from innominatus_cli.cli.output import print_text


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    r"""Print the completion script of a shell.

    \b
    Examples:
      innominatus-ctl completion bash > ~/.local/share/bash-completion/completions/innominatus-ctl
      innominatus-ctl completion zsh > "${fpath[1]}/_innominatus-ctl"
      innominatus-ctl completion fish > ~/.config/fish/completions/innominatus-ctl.fish
    """
    completion = get_completion_class(shell)
    if completion is None:
        raise AssertionError(f"click has no completion for {shell}")
    root = ctx.find_root()
    made = completion(root.command, {}, "innominatus-ctl", "_INNOMINATUS_CTL_COMPLETE")
    print_text(made.source_vars()["complete_func"] and made.source_template % made.source_vars() + "\n")
