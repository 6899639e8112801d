"""A day of a small company's traffic: documents, devices, and every message that its trackers send, from a seed.

Pure: no clock, no network; `plan_day` is a function of seed and start. What plays it is elsewhere.
"""

from doseway.app.traffic.day import plan_day
from doseway.app.traffic.model import Binding, Day, Expected, Handed, Message

__all__ = ["Binding", "Day", "Expected", "Handed", "Message", "plan_day"]
