"""Where to make it and where to source it, so that patients get it when something breaks.

The network as tables, the optimisation model over them, disruptions, and the answers. No clock, no sockets, no SQL.
"""
