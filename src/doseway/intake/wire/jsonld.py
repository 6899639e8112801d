"""JSON-LD as ONE Record servers send it: compacted, expanded and flattened give one graph of nodes.

    document = node | [ node ] | { "@context", "@graph": [ node ] }
    node     = { ["@id"], ["@type"], name: value | [ value ] }
    value    = text | number | truth | { "@value" } | { "@id" } | node | { "@list" | "@set": [ value ] }

Names are expanded by the contexts within the document: prefixes, terms and `@vocab`. A context that is an address is
never fetched; IATA's own is known. Only names of one vocabulary are kept, without it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from doseway.model.errors import FormatError

_MAX_DEPTH: Final = 40
_MAX_NODES: Final = 50_000
_MAX_TERMS: Final = 2_000
_MAX_CONTEXTS: Final = 500
_NO_REMOTE: Final = "Send the context within the document, or expanded JSON-LD: Doseway fetches nothing."
Context = Mapping[str, str]
_VOCAB: Final = "@vocab"


class Node:
    """One thing of the graph: its id, the local names of its types, and its values by local name."""

    __slots__ = ("_known", "id", "types", "values")

    def __init__(self, node_id: str) -> None:
        self.id = node_id
        self.types: set[str] = set()
        self.values: dict[str, list[Any]] = {}
        self._known: set[tuple[str, Any]] = set()

    def add(self, name: str, value: Any) -> None:
        """Add a value; a node may be given in several places, and each of its values counts once."""
        key = (name, id(value) if isinstance(value, Node) else (type(value), value))
        if key not in self._known:
            self._known.add(key)
            self.values.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        return f"Node({self.id!r}, {sorted(self.types)})"


class Graph:
    """The nodes of one document.

    Args:
        vocabulary: the address that begins the names to keep.
        contexts: what is known of contexts that are given by address: beginning of the address to the context.
        prefixes: prefixes that hold without being declared.
    """

    def __init__(self, vocabulary: str, contexts: Mapping[str, Context], prefixes: Context) -> None:
        self._vocabulary = vocabulary
        self._contexts = contexts
        self._prefixes = prefixes
        self._contexts_read = 0
        self.nodes: dict[str, Node] = {}

    def add(self, document: Any) -> None:
        """Add a document or a node.

        Raises:
            FormatError: it is no JSON-LD, nests too deeply, or needs a context from elsewhere.
        """
        for one in document if isinstance(document, list) else [document]:
            if not isinstance(one, dict):
                raise FormatError(f"{one!r:.40} is no node of JSON-LD")
            self._node(one, self._prefixes, 0)

    def of_type(self, name: str) -> Iterator[Node]:
        """Give the nodes of a type, in order of first appearance."""
        return (node for node in self.nodes.values() if name in node.types)

    def follow(self, node: Node, name: str) -> Iterator[Node | str]:
        """Give the nodes that a node refers to by a name; an address that is not in the document as text."""
        for value in node.values.get(name, ()):
            if isinstance(value, Node):
                yield value
            elif isinstance(value, str):
                yield self.nodes.get(value, value)

    def first(self, node: Node, name: str) -> Any:
        """Return the first value of a name; None where there is none."""
        return next(iter(node.values.get(name, ())), None)

    def _node(self, plain: Mapping[str, Any], context: Context, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise FormatError("nodes nest too deeply")
        if "@context" in plain:
            context = self._context(plain["@context"], context, 0)
        node = self._named(plain, context)
        for name, value in plain.items():
            if name == "@graph":
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, dict):
                        self._node(one, context, depth + 1)
                continue
            full = _expand(name, context)
            if full == "@type":
                types = value if isinstance(value, list) else [value]
                node.types.update(self._local(_expand(one, context)) for one in types if isinstance(one, str))
            elif full.startswith(self._vocabulary):
                for one in self._values(value, context, depth):
                    node.add(self._local(full), one)
        return node

    def _named(self, plain: Mapping[str, Any], context: Context) -> Node:
        name = next((value for key, value in plain.items() if _expand(key, context) == "@id"), None)
        node_id = _address(name, context) if isinstance(name, str) else f"_:anonymous-{len(self.nodes)}"
        if node_id not in self.nodes:
            if len(self.nodes) >= _MAX_NODES:
                raise FormatError(f"more than {_MAX_NODES:,} nodes in one document", hint="Split it.")
            self.nodes[node_id] = Node(node_id)
        return self.nodes[node_id]

    def _values(self, value: Any, context: Context, depth: int) -> Iterator[Any]:
        if depth > _MAX_DEPTH:
            raise FormatError("values nest too deeply")
        if isinstance(value, list):
            for one in value:
                yield from self._values(one, context, depth + 1)
        elif not isinstance(value, dict):
            if value is not None:
                yield value
        elif "@value" in value:
            if isinstance(value["@value"], str | int | float):
                yield value["@value"]
        elif "@list" in value or "@set" in value:
            yield from self._values(value.get("@list", value.get("@set")), context, depth + 1)
        else:
            yield self._node(value, context, depth + 1)

    def _local(self, full: str) -> str:
        return full.removeprefix(self._vocabulary)

    def _context(self, given: Any, context: Context, depth: int) -> Context:
        if isinstance(given, list) and depth < _MAX_DEPTH:
            for one in given:
                context = self._context(one, context, depth + 1)
            return context
        if isinstance(given, str):
            known = next((found for begin, found in self._contexts.items() if given.startswith(begin)), None)
            if known is None:
                raise FormatError(f"the context {given[:100]!r} is not in the document", hint=_NO_REMOTE)
            return {**context, **known}
        if not isinstance(given, dict):
            return self._prefixes if given is None else context
        merged = dict(context)
        for name, meaning in given.items():
            target = meaning.get("@id") if isinstance(meaning, dict) else meaning
            if isinstance(target, str):
                merged[name] = target
        self._contexts_read += 1
        if len(merged) > _MAX_TERMS or self._contexts_read > _MAX_CONTEXTS:
            raise FormatError("the contexts are too large", hint="Send expanded JSON-LD.")
        return {name: _address(target, merged) for name, target in merged.items()}


def _expand(name: str, context: Context) -> str:
    """Return a name in full: a keyword, an address, or a term with its vocabulary."""
    if name.startswith("@"):
        return name
    found = context.get(name)
    if found is not None:
        return found
    return _address(name, context) if ":" in name else context.get(_VOCAB, "") + name


def _address(name: str, context: Context) -> str:
    """Return an address in full: its prefix replaced by what it stands for."""
    prefix, colon, rest = name.partition(":")
    if colon and not rest.startswith("//") and prefix in context:
        return context[prefix] + rest
    return name
