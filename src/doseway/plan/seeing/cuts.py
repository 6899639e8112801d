"""Why a dose is short, drawn: what is wanted, what can get through, and the cut that holds the rest back."""

from typing import Final

from doseway.plan.questions.why import Reason
from doseway.plan.seeing.drawing import Figure
from doseway.plan.seeing.steps import Bar, bars
from doseway.plan.sheets import sheet
from doseway.plan.wording import amount

_MOST: Final = 8


def cut_chart(reason: Reason, number: int = 0) -> Figure:
    """Draw the cut of one shortage; `number` tells several drawings on one page apart."""
    unit = reason.unit
    rows = [
        Bar("wanted", reason.wanted, amount(reason.wanted, unit), "p-bar-2"),
        Bar("served", reason.wanted - reason.short, amount(reason.wanted - reason.short, unit)),
    ]
    open_ones = [limit for limit in reason.cut if limit.lets > 0]
    shut = [limit for limit in reason.cut if limit.lets <= 0]
    rows += [
        Bar(limit.what, limit.lets, f"lets {amount(limit.lets, unit)} through") for limit in [*open_ones, *shut][:_MOST]
    ]
    caption = (
        f"The cut: to bring more {reason.product} to {reason.market}, something named here has to grow."
        if reason.cut
        else f"Nothing leads {reason.product} to {reason.market}."
    )
    twin = sheet(
        f"cut_{number}",
        "The cut",
        ["kind", "what", ("lets through", unit), "remedy"],
        [(limit.kind, limit.what, limit.lets, limit.remedy) for limit in reason.cut],
    )
    return bars(f"cut-{number}", f"{reason.product} for {reason.market}", caption, unit, rows, twin)
