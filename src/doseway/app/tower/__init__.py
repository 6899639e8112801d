"""The live tower: from an admitted packet to alerts and views.

`admission` takes bytes in; `router` turns facts into events of 64 partitions; `evaluate` judges what they touch;
`worker` runs that behind the log; `views` are what pages read; `opening.open_tower` puts them together.
"""
