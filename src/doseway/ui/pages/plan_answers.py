"""An answer: in words, drawings and tables, with how it came to be; as a file; and beside another one."""

from typing import Annotated, Any, Final, get_args

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from doseway.app.plans import exports
from doseway.app.plans.book import AnswerHead
from doseway.app.plans.made import Made
from doseway.model.errors import DosewayError, UsageError
from doseway.plan.sheets import Sheet
from doseway.plan.tabling import is_number, shown
from doseway.plan.wording import money, percent
from doseway.ui.pages import plan_words as words
from doseway.ui.pages.plan import answer_row, attached, plans_of
from doseway.ui.rendering import PageRequest, render

LONGEST: Final = 100
"""Rows of a table that a page shows; the workbook has all."""
Index = Annotated[int, QueryParameter(ge=0, le=2**53)]


@get("/plan/answers/{answer:int}", needs="read", include_in_schema=False, sync_to_thread=True)
def show_answer(request: PageRequest, answer: FromPath[int]) -> Response[str]:
    """Show an answer as it was kept."""
    room = plans_of(request)
    head, made = _known(request, answer)
    others = [answer_row(one) for one in room.book.answers() if one.index != answer]
    context = {
        "head": head,
        "made": made,
        "network": room.version(head.network, head.version),
        "chapters": chapters(made),
        "cost": None if head.cost is None else money(abs(float(head.cost)), head.currency),
        "earns": head.cost is not None and float(head.cost) < 0,
        "bound": None if head.bound is None else money(abs(float(head.bound)), head.currency),
        "gap": None if head.gap is None else percent(float(head.gap)),
        "others": [one for one in others if one["has_plan"]] if made.plan else [],
        "words": words,
    }
    return render(request, "plan_answer.html", context)


@get("/plan/answers/{answer:int}/{ending:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def get_report(request: PageRequest, answer: FromPath[int], ending: FromPath[str]) -> Response[bytes]:
    """Return an answer as one HTML page, a workbook, a PDF, or a zip with its network and its proof."""
    known = {one: one for one in get_args(exports.Ending)}.get(ending)
    if known is None:
        raise NotFoundException(f"there is no report as {ending!r}")
    head, made = _known(request, answer)
    data = exports.report(plans_of(request), head, made, known)
    return attached(data, exports.report_name(head, known), exports.MEDIA_TYPES[known])


@get("/plan/compare", needs="read", include_in_schema=False, sync_to_thread=True)
def compare(request: PageRequest, first: Index, second: Index) -> Response[str]:
    """Show what differs between the plans of two answers."""
    heads = [_known(request, one)[0] for one in (first, second)]
    wrong: DosewayError | None = None
    made: Made | None = None
    try:
        made = plans_of(request).compared(first, second)
    except UsageError as error:
        wrong = error
    context = {
        "heads": [answer_row(one) for one in heads],
        "chapters": chapters(made) if made else [],
        "wrong": wrong,
        "words": words,
    }
    return render(request, "plan_compare.html", context, status=422 if wrong else 200)


def chapters(made: Made) -> list[dict[str, Any]]:
    """Return the chapters as pages show them."""
    return [
        {
            "title": one.title,
            "words": one.words,
            "figures": [
                {"name": f.name, "title": f.title, "caption": f.caption, "svg": f.svg, "twin": table(f.twin)}
                for f in one.figures
            ],
            "tables": [table(sheet) for sheet in one.sheets if sheet.rows],
        }
        for one in made.chapters
    ]


def table(one: Sheet) -> dict[str, Any]:
    """Return a table as pages show it: cells as text, with those that are numbers on the right."""
    right = [any(is_number(row[i]) for row in one.rows) for i in range(len(one.columns))]
    return {
        "title": one.title,
        "head": list(zip([column.heading for column in one.columns], right, strict=True)),
        "rows": [
            [(shown(cell, column), is_number(cell)) for cell, column in zip(row, one.columns, strict=True)]
            for row in one.rows[:LONGEST]
        ],
        "rest": max(len(one.rows) - LONGEST, 0),
    }


def _known(request: PageRequest, index: int) -> tuple[AnswerHead, Made]:
    try:
        return plans_of(request).answer(index)
    except UsageError as error:
        raise NotFoundException(error.what) from error
