"""The tests. A package of its own, because a dependency (gmqtt) installs one of the same name beside it."""
