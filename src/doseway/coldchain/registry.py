"""Which rules there are. Built-ins and plug-ins register through the entry-point group `doseway.rules`."""

from typing import Any, Final

from doseway.coldchain.port import Rule
from doseway.model.plugins import Registry

GROUP: Final = "doseway.rules"
RULES: Final[Registry[Rule[Any]]] = Registry(GROUP, "rule")

names = RULES.names
rule = RULES.get
broken = RULES.broken
