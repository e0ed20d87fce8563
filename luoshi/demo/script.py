"""Acts in the order of time. What lies in the future is not done."""

import datetime as dt
import heapq
import itertools
from collections.abc import Callable

from luoshi.kit import clock

Act = Callable[[], object]


class Script:
    """A queue of acts; an act may put further ones in, which come no earlier than itself."""

    def __init__(self, until: dt.datetime) -> None:
        self.until = until
        self.now = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._queue: list[tuple[dt.datetime, int, Act]] = []
        self._order = itertools.count()

    def at(self, moment: dt.datetime, act: Act) -> None:
        """Do something at a moment, or right after what is being done now if that is later."""
        moment = max(moment, self.now + dt.timedelta(minutes=1)) if self._begun else moment
        if moment <= self.until:
            heapq.heappush(self._queue, (moment, next(self._order), act))

    @property
    def _begun(self) -> bool:
        return self.now.year > 1

    def run(self) -> int:
        """Do everything, the clock held at each act's moment; how many acts there were."""
        done = 0
        while self._queue:
            self.now, _place, act = heapq.heappop(self._queue)
            with clock.at(self.now):
                act()
            done += 1
        return done
