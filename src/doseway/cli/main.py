"""The `doseway` command: finds the command group, loads only that one, and turns errors into words and exit codes.

Exit codes: 0 ok, 1 a finding, 2 usage, 3 data, 4 unavailable, 5 integrity.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from doseway import __version__
from doseway.cli.talk import explain
from doseway.model.errors import DosewayError

INTERRUPTED = 130

# name -> (module:attribute, one line of help); modules are imported when their command is called, and not before.
COMMANDS: dict[str, tuple[str, str]] = {
    "inspect": ("doseway.cli.inspect:inspect", "Judge logger files on the spot; no set-up, no database."),
    "import": ("doseway.cli.imports:import_files", "Put files into the log, decode and judge them, keep the bytes."),
    "log": ("doseway.cli.log:log", "The tamper-evident log: status, verify, prove, checkpoint, export, serve."),
    "evidence": ("doseway.cli.evidence:evidence", "Make and verify packs that prove a judgement to an inspector."),
    "witness": ("doseway.cli.witness:witness", "Watch other people's logs and cosign what is consistent."),
    "profile": ("doseway.cli.profile:profile", "Limit profiles: list, show, try on a file."),
    "demo": ("doseway.cli.demo:demo", "Run the whole way once, from example files to a verified pack."),
    "doctor": ("doseway.cli.doctor:doctor", "Explain in words what is wrong with this set-up."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that start-up stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the commands in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's
        """Import the module of the command that is called; `--help` needs none of them."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's
        """List the commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="doseway")
def cli() -> None:
    """Doseway judges the cold chain of medicines, and proves the judgement."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        result: Any = cli.main(args=arguments, prog_name="doseway", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(INTERRUPTED)
    except DosewayError as error:
        explain(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has gone, as in `doseway ... | head`; that is no error of ours.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)
