"""The worked example of `plan init`: six essential medicines for the United States, public and assumed figures apart.

The tables stand in `example_tables/`. Public figures are in `figures.csv`, each with its citation, its date and what
it counts; every other row is marked as assumed, and is there to be replaced by the planner's own numbers.
"""

from importlib import resources
from pathlib import Path

from doseway.model.errors import ConflictError
from doseway.plan.tables import Network, read_folder


def worked_example() -> Network:
    """Return the worked example as a network."""
    with resources.as_file(resources.files("doseway.plan").joinpath("example_tables")) as folder:
        return read_folder(folder)


def write_example(folder: Path) -> list[Path]:
    """Write the worked example as a folder of CSV files, and return their paths.

    Raises:
        ConflictError: the folder already holds a table; nothing is overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(path.name for path in folder.glob("*.csv"))
    if there:
        raise ConflictError(f"{folder} already holds {there[0]}", hint="Choose an empty folder.")
    for name, data in example_files().items():
        (folder / name).write_bytes(data)
    return [folder / name for name in example_files()]


def example_files() -> dict[str, bytes]:
    """Return the files of the worked example, by name."""
    with resources.as_file(resources.files("doseway.plan").joinpath("example_tables")) as source:
        return {table.name: table.read_bytes() for table in sorted(source.glob("*.csv"))}
