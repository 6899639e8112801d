"""`doseway witness`: watch other people's logs."""

from pathlib import Path

import rich_click as click

from doseway.cli.talk import say

EXAMPLE = """Example:

  doseway witness serve --name witness.example/qa --store witness-data --port 7380 --log "$(cat log.vkey)"
"""


@click.group()
def witness() -> None:
    """A witness cosigns a checkpoint only if it extends what it saw before."""


@witness.command(epilog=EXAMPLE)
@click.option("--name", required=True, metavar="NAME", help="The witness's name: a schema-less URL of its operator.")
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("witness-data"),
    show_default=True,
    help="The folder with its key and its memory.",
)
@click.option("--log", "logs", multiple=True, required=True, metavar="VKEY", help="A log's key; may be repeated.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=0, show_default="a free one", type=click.IntRange(0, 65535))
def serve(*, name: str, store: Path, logs: tuple[str, ...], host: str, port: int) -> int:
    """Serve the C2SP witness API: POST /add-checkpoint and GET /<SHA-256 of the origin>/checkpoint.

    Prints the witness's key for the policies of others. It learns a log's origin, size and root, and no data.
    """
    from doseway.api.serve import serve as serve_app  # noqa: PLC0415  # loads the server
    from doseway.api.witness import witness_app  # noqa: PLC0415
    from doseway.app.witnessing import open_witness  # noqa: PLC0415

    one, memory = open_witness(store, name, logs)
    click.echo(str(one.cosigner.vkey))
    try:
        serve_app(witness_app(one), host=host, port=port, on_ready=lambda url: say(f"Witness {name} at {url}"))
    finally:
        memory.close()
    return 0
