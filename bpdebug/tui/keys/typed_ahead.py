"""Keys that are typed ahead: each waits until the one before it has done its work.

A key passes through the queues of the widget that has the focus, of all that this stands in, and of the app.
What it does may give the focus to another widget, or open another screen, and the next key belongs there.
So behind every key goes a marker through the same queues, and once more behind what the app has made of the
key; the next key starts when the marker is back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import dropwhile

from textual import events
from textual.app import App
from textual.dom import DOMNode

from bpdebug.tui.keys import keymap

NAMED = {"\n": "enter", "\t": "tab"}
"""Keys that a text has no other sign for."""


class TypedAhead:
    """Hands the keys and the pasted texts of an app on, one after the other.

    Parameters
    ----------
    app : App
        Whose keys they are.
    handle : callable
        (event) -> what the app does with a key that is its turn.
    """

    def __init__(self, app: App[None], handle: Callable[[events.Event], Awaitable[None]]) -> None:
        self.app = app
        self.handle = handle
        self.waiting: deque[events.Event] = deque()
        self.is_under_way = False

    async def take(self, event: events.Event) -> None:
        """Hand an event on as soon as all before it have done their work."""
        self.waiting.append(event)
        if not self.is_under_way:
            await self.hand_on()

    def type(self, text: str) -> None:
        """Take a text as keys that are typed before those that wait already."""
        for character in reversed("\n".join(text.splitlines()) + "\n" * text.endswith(("\n", "\r"))):
            key = NAMED.get(character) or keymap.key_named(character)
            if key is not None:
                self.waiting.appendleft(events.Key(key, character if character.isprintable() else None))

    async def hand_on(self) -> None:
        """Let the app have the next event, and send the marker after it."""
        self.is_under_way = bool(self.waiting)
        if self.waiting:
            event, receiver, screens = self.waiting.popleft(), self.receiver, len(self.app.screen_stack)
            await self.handle(event)
            self.follow(receiver, partial(self.settle, event, screens))

    @property
    def receiver(self) -> DOMNode:
        """Where a key starts that is typed now."""
        return self.app.focused or self.app.screen

    def follow(self, node: DOMNode | None, then: Callable[[], Awaitable[None] | None]) -> None:
        """Send the marker through the queue of a widget, and of all that it stands in, to the app."""
        while node is not None and node is not self.app:
            if node.call_later(self.follow, node.parent, then):
                return
            node = node.parent  # it has been removed, and takes nothing any more
        self.app.call_later(then)

    def settle(self, event: events.Event, screens: int) -> None:
        """Send the marker after what the app has made of the key: a message to a widget, a screen to open."""
        is_new = len(self.app.screen_stack) > screens
        if not (is_new and self.app.screen.call_after_refresh(self.finish, event, screens)):
            self.finish(event, screens)

    def finish(self, event: events.Event, screens: int) -> None:
        """Send the marker once more; a screen that has been opened is laid out by now."""
        self.follow(self.receiver, partial(self.go_on, event, screens))

    async def go_on(self, event: events.Event, screens: int) -> None:
        """Hand the next event on; a key that closed a screen was meant for it as often as it was pressed."""
        if isinstance(event, events.Key) and len(self.app.screen_stack) < screens:
            self.waiting = deque(dropwhile(lambda later: is_same_key(later, event), self.waiting))
        await self.hand_on()


def is_same_key(later: events.Event, key: events.Key) -> bool:
    """Whether an event is a key pressed again."""
    return isinstance(later, events.Key) and later.key == key.key
