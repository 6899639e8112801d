"""The `doseway` command: finds the command group, loads only that one, and turns errors into words and exit codes.

Exit codes: 0 ok, 1 a finding, 2 usage, 3 data, 4 unavailable, 5 integrity, 70 a fault of Doseway itself, 130 stopped
(Ctrl-C), 141 the reader of the output went away before its end.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from doseway import __version__
from doseway.cli.talk import explain, say, settle_streams
from doseway.model.errors import DosewayError, Place, Unavailable

FAULT = 70
INTERRUPTED = 130
READER_GONE = 141

# name -> (module:attribute, one line of help); modules are imported when their command is called, and not before.
COMMANDS: dict[str, tuple[str, str]] = {
    "inspect": ("doseway.cli.inspect:inspect", "Judge logger files on the spot; no set-up, no database."),
    "import": ("doseway.cli.imports:import_files", "Put files into the log, decode and judge them, keep the bytes."),
    "log": ("doseway.cli.log:log", "The tamper-evident log: status, verify, prove, checkpoint, export, serve."),
    "evidence": ("doseway.cli.evidence:evidence", "Make and verify packs that prove a judgement to an inspector."),
    "witness": ("doseway.cli.witness:witness", "Watch other people's logs and cosign what is consistent."),
    "profile": ("doseway.cli.profile:profile", "Limit profiles: list, show, try on a file."),
    "rule": ("doseway.cli.rule:rule", "Rules: list, explain, try on history, lint before a departure."),
    "serve": ("doseway.cli.serve:serve", "Run the tower: doors, alerts, API and pages."),
    "notify": ("doseway.cli.notify:notify", "Who is told of which alert, and a test message."),
    "plan": ("doseway.cli.plan:plan", "Where to make it and source it, so that patients get it when something breaks."),
    "demo": ("doseway.cli.demo:demo", "Run the whole way once, from example files to a verified pack."),
    "account": ("doseway.cli.account:account", "Local accounts: who may sign in, and as what."),
    "key": ("doseway.cli.account:key", "API keys of programs and devices."),
    "doctor": ("doseway.cli.doctor:doctor", "Explain in words what is wrong with this set-up."),
}


class ReaderGone(Exception):
    """Nobody reads our output any more, as in `doseway ... | head`."""


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

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and write its output out. Click would end a broken pipe with 1, which means a finding.

        Raises:
            ReaderGone: the reader of the output went away.
            Unavailable: the operating system refused something, such as to write to a full disk.
        """
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise ReaderGone from error
        except OSError as error:
            where = Place(str(error.filename or ""))
            hint = "Check the disk and the permissions."
            raise Unavailable(error.strerror or str(error), hint=hint, where=where) from error
        return result

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
    settle_streams()
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
        _let_go_of_output()
        sys.exit(error.exit_code)
    except ReaderGone:
        _let_go_of_output()
        sys.exit(READER_GONE)
    except Exception:  # noqa: BLE001  # the outermost frame: a fault must not end with 1, which means a finding
        traceback.print_exc()
        say("This is a fault of Doseway, not of your files. Please report it with the text above.")
        sys.exit(FAULT)
    sys.exit(result if isinstance(result, int) else 0)


def _let_go_of_output() -> None:
    """Keep the interpreter from trying once more, at its end, to write what could not be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
