"""How time and memory of a plan under uncertainty grow: with scenarios, with nodes; cuts beside the extensive form.

Each solve runs in a process of its own, whose peak memory is measured, under a limit of time and of address space. A
method that does not finish is shown with the bound and gap that it had. The large one is what one program cannot hold:
1,000 scenarios of 200 nodes and 20 products, with integers and CVaR, to 1 %.
"""

import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

from benchmarks.networks import generated
from benchmarks.row import Row, row
from doseway.plan.chain import Chain
from doseway.plan.decomposition.family import family_under
from doseway.plan.executor import Threads
from doseway.plan.highs import Limits
from doseway.plan.quantities import in_plan_units
from doseway.plan.risk import Risk
from doseway.plan.scenarios import draw
from doseway.plan.twostage import Method, decide_for, undisturbed
from doseway.plan.worth import information_value, out_of_sample, stochastic_value

GAP = 0.01
SECONDS = 30.0
LARGE_SECONDS = 120.0
MEMORY_BYTES = 24 * 1024**3
SCENARIOS = (10, 100, 1000, 10_000)
NODES = (20, 60, 200, 1000)
RISK = Risk(weight=0.5, level=0.95)


def measured(nodes: int, products: int, scenarios: int, method: Method, seconds: float) -> dict[str, Any]:
    """Solve one case in this process, and return figures."""
    begin = time.perf_counter()
    chain = Chain(in_plan_units(generated(nodes, products)))
    family = family_under(undisturbed(chain), draw(chain, scenarios, 1))
    built = time.perf_counter()
    limits = Limits(gap=GAP, seconds=seconds)

    def watch(_: object) -> bool:
        return time.perf_counter() - begin < seconds

    answer = decide_for(family, RISK, limits, watch, method=method, executor=Threads(2))
    solved = time.perf_counter()
    figures = {
        "build": built - begin,
        "solve": solved - built,
        "cost": answer.outcome.cost,
        "bound": answer.outcome.bound,
        "gap": answer.outcome.gap,
        "cpu": time.process_time(),
        "columns": len(family.base.cost) * scenarios,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if nodes == 200 and scenarios == 1000 and method == "decomposed":
        fresh = out_of_sample(chain, answer, draw(chain, 200, 2))
        figures |= {"fresh": fresh.mean, "fresh_half": fresh.high - fresh.mean}
        figures["evpi"] = information_value(family, answer, most=10, limits=Limits(gap=1e-3)).mean
        figures["vss"] = stochastic_value(family, answer, RISK, Limits(gap=1e-3))
    return figures


def apart(nodes: int, products: int, scenarios: int, method: Method, seconds: float) -> dict[str, Any] | None:
    """Solve one case in a process of its own; None where it found nothing in time or memory."""
    words = [str(nodes), str(products), str(scenarios), method, str(seconds)]
    command = [sys.executable, "-m", "benchmarks.plan_growth", *words]
    try:
        # Workers are threads already: the products of matrices of each need no threads of their own.
        alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        wait = 1.5 * seconds + 30
        done = subprocess.run(command, capture_output=True, text=True, timeout=wait, check=False, env=alone)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def compared(nodes: int, products: int, scenarios: int, seconds: float, *, is_both: bool = True) -> list[Row]:
    """Return the rows of one size; a method that found no plan in its budget has no figure."""
    cuts = apart(nodes, products, scenarios, "decomposed", seconds)
    whole = apart(nodes, products, scenarios, "extensive", seconds) if is_both else None
    title = f"{nodes} nodes, {products} products, {scenarios:,} scenarios"
    if cuts is None:
        return [row(f"{title}: no plan by cuts in {seconds:g} s", float("nan"), "s")]
    said = f"{title} (gap {cuts['gap']:.2%}"
    peer = "" if not is_both else "extensive form"
    if whole is not None:
        said += f", extensive {whole['gap']:.2%}"
    elif is_both:
        peer = f"extensive form: no plan in {seconds:g} s or 24 GiB"
    solve = None if whole is None else float(whole["solve"])
    peak = None if whole is None else float(whole["peak"])
    rows = [
        row(f"{said})", cuts["solve"], "s", peer, solve),
        row(f"{title}, peak memory", cuts["peak"], "MiB", peer, peak),
    ]
    if "fresh" in cuts:
        rows += [
            row(f"{title}, 200 fresh scenarios ± {cuts['fresh_half']:,.0f}", cuts["fresh"], "money"),
            row(f"{title}, value of perfect information", cuts["evpi"], "money"),
            row(f"{title}, value of the stochastic solution", cuts["vss"], "money"),
        ]
    return rows


def run() -> list[Row]:
    """Grow in scenarios, in nodes, and to what one program does not hold."""
    rows: list[Row] = []
    for scenarios in SCENARIOS:
        rows += compared(30, 5, scenarios, SECONDS, is_both=scenarios <= 1000)
    for nodes in NODES:
        rows += compared(nodes, 5, 20, SECONDS)
    return rows + compared(200, 20, 1000, LARGE_SECONDS, is_both=False)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    nodes, products, scenarios, method, seconds = sys.argv[1:]
    chosen: Method = "decomposed" if method == "decomposed" else "extensive"
    print(json.dumps(measured(int(nodes), int(products), int(scenarios), chosen, float(seconds))))
