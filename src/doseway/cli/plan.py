"""`doseway plan`: where to make it and where to source it, so that patients get it when something breaks."""

import rich_click as click

from doseway.cli.planning import files, questions


@click.group()
def plan() -> None:
    """Where to make it and where to source it, so that patients get it when something breaks.

    A network is a folder of CSV files, or one XLSX with a sheet for each table.
    """


for _command in (
    files.init, files.check, files.solve, questions.capacity, questions.resource, questions.export, questions.buffer,
    questions.failures, questions.uncertain, questions.frontier, questions.roadmap, files.compare, questions.why,
    files.report, files.schema,
):  # fmt: skip
    plan.add_command(_command)
