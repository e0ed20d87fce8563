"""Sentences with figures, names and days in them; nobody says the same thing twice."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence

_SLOT = re.compile(r"\{(\w+)(?::(\d+)-(\d+))?\}")
TRIES = 12


class Voice:
    """Fills the blanks of sentences and remembers what has been said."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._said: set[str] = set()
        self._used: dict[object, set[str]] = {}
        self._heard: dict[object, set[str]] = {}

    def fill(self, sentence: str, words: Mapping[str, object]) -> str:
        """A sentence with its blanks filled: {n:3-8} by a figure, {day} from ``words``.

        A figure that bears the same name again in one sentence is another figure.
        """

        def filled(slot: re.Match[str]) -> str:
            name, low, high = slot.groups()
            if low is not None:
                return str(self._figure(int(low), int(high)))
            return str(words[name])

        return _SLOT.sub(filled, sentence)

    def _figure(self, low: int, high: int) -> int:
        """A figure in the range; large ones rounded as people round."""
        step = 50 if high >= 4000 else 10 if high >= 1000 else 1
        return self._luck.randint(low, high) // step * step or low

    def pick(self, who: object, pool: Sequence[str]) -> str:
        """A sentence this task has not used yet, if there is one."""
        used = self._used.setdefault(who, set())
        fresh = self._fresh(who, pool) or list(pool)
        chosen = self._luck.choice(fresh)
        used.add(chosen)
        return chosen

    def pick_new(self, who: object, pool: Sequence[str]) -> str:
        """A sentence this task has not used yet; nothing where there is none left."""
        fresh = self._fresh(who, pool)
        return self.pick(who, fresh) if fresh else ""

    def _fresh(self, who: object, pool: Sequence[str]) -> list[str]:
        """What this task has neither said nor heard: a summary is no copy (S0 任务反馈 3)."""
        known = self._used.get(who, set()) | self._heard.get(who, set())
        return [sentence for sentence in pool if sentence not in known]

    def hear(self, who: object, others: Iterable[object]) -> None:
        """Let a task know what those below it have said."""
        for other in others:
            self._heard.setdefault(who, set()).update(self._used.get(other, ()))

    def tell(self, who: object, pools: Sequence[Sequence[str]], words: Mapping[str, object]) -> str:
        """One sentence from each pool, put together so that the whole was not said before."""
        text = ""
        for _try in range(TRIES):
            text = "".join(self.fill(self.pick(who, pool), words) for pool in pools if pool)
            if text not in self._said:
                break
        self._said.add(text)
        return text
