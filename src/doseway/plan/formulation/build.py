"""From a network to its program."""

from doseway.plan.chain import Chain
from doseway.plan.formulation.capacity import add_campaigns, lane_capacity, line_hours, storage_limits
from doseway.plan.formulation.draft import Conditions, Draft
from doseway.plan.formulation.invest import (
    add_activations,
    add_buffers,
    add_expansions,
    add_openings,
    add_qualifications,
    qualification,
)
from doseway.plan.formulation.markets import add_served, demand, single_source, strong_links
from doseway.plan.formulation.moves import add_flows, add_makes, add_stocks, add_uses, balance
from doseway.plan.formulation.policies import policies
from doseway.plan.formulation.trade import quotas
from doseway.plan.goods import Goods
from doseway.plan.quantities import in_plan_units
from doseway.plan.tables import Network

# Decisions first, so that programs of different scenarios agree in their first columns.
COLUMNS = (
    add_activations, add_expansions, add_qualifications, add_openings, add_buffers,
    add_flows, add_makes, add_uses, add_stocks, add_served,
)  # fmt: skip
CONSTRAINTS = (
    balance, qualification, add_campaigns, line_hours, lane_capacity, storage_limits, demand, single_source,
    strong_links, quotas, policies,
)  # fmt: skip


def build(network: Network, conditions: Conditions | None = None) -> Draft:
    """Build the program of a network under the conditions of one scenario.

    Raises:
        UnitError: a currency or unit that cannot be converted.
    """
    chain = Chain(in_plan_units(network))
    return build_chain(chain, Goods(chain), conditions or Conditions())


def build_chain(chain: Chain, goods: Goods, conditions: Conditions) -> Draft:
    """Build the program of a chain that is already in plan units; scenarios share chain and goods."""
    draft = Draft(chain, goods, conditions)
    for step in (*COLUMNS, *CONSTRAINTS):
        step(draft)
    return draft
