"""Ends the connections of clients that send too slowly, too much or nothing at all."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from pocketlens.http.limits import (
    MAX_BODY,
    MAX_HEADERS,
    MAX_PIPELINED,
    MAX_RECEIVING,
    SECONDS_TO_SEND,
)

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Base
else:
    _Base = object

_SECONDS_BETWEEN_LOOKS = 1


class Connections:
    """The connections whose client is to send or to read, the longest waiting first.

    A new one is always taken: where there are too many, the longest waiting is ended for it, and
    where all have sent too much, the one that has sent most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._since: dict[WatchedConnection, float] = {}
        self._received = 0
        self._looks = False

    def wait_for(self, connection: WatchedConnection) -> None:
        """Notes that it is the client's turn."""
        self.forget(connection)
        if not self._looks:
            self._looks = True
            connection.loop.call_later(_SECONDS_BETWEEN_LOOKS, self._look)
        self._since[connection] = monotonic()
        if len(self._since) > self._most:
            self._end(next(iter(self._since)))

    def note(self, connection: WatchedConnection, size: int) -> None:
        """Notes that a client has sent so many bytes more."""
        if connection not in self._since:
            return
        connection.received += size
        self._received += size
        most = MAX_HEADERS if connection.in_headers else MAX_BODY + MAX_HEADERS
        if connection.received > most:
            self._end(connection)
        elif self._received > MAX_RECEIVING:
            self._end(max(self._since, key=lambda each: each.received))

    def forget(self, connection: WatchedConnection) -> None:
        """Notes that it is no longer the client's turn."""
        if self._since.pop(connection, None) is not None:
            self._received -= connection.received
        connection.received = 0

    def _look(self) -> None:
        oldest = next(iter(self._since), None)
        while oldest and self._since[oldest] + SECONDS_TO_SEND < monotonic():
            self._end(oldest)
            oldest = next(iter(self._since), None)
        self._looks = oldest is not None
        if oldest:
            oldest.loop.call_later(_SECONDS_BETWEEN_LOOKS, self._look)

    def _end(self, connection: WatchedConnection) -> None:
        self.forget(connection)
        connection.transport.abort()


class WatchedConnection(_Base):
    """What is put before uvicorn's class of a connection; see protocol_class()."""

    watch: Connections
    received = 0
    in_headers = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self.watch.wait_for(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self.watch.forget(self)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """It begins a request."""
        super().on_message_begin()
        self.in_headers = True

    def on_headers_complete(self) -> None:
        """It has sent the headers."""
        super().on_headers_complete()
        self.in_headers = False

    def data_received(self, data: bytes) -> None:
        """It has sent something."""
        super().data_received(data)
        if len(self.pipeline) > MAX_PIPELINED:
            self.transport.abort()
        elif self._has_asked:
            self.watch.forget(self)
        else:
            self.watch.note(self, len(data))

    def on_response_complete(self) -> None:
        """It has its answer."""
        super().on_response_complete()
        if not self.transport.is_closing() and not self._has_asked:
            self.watch.wait_for(self)

    def pause_writing(self) -> None:
        """It does not read."""
        super().pause_writing()
        self.watch.wait_for(self)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        if self._has_asked:
            self.watch.forget(self)

    @property
    def _has_asked(self) -> bool:
        """Whether its latest request is there as a whole, and not answered yet."""
        cycle = self.cycle
        return bool(cycle and not cycle.response_complete and not cycle.more_body)


def protocol_class(most: int) -> Any:
    """Uvicorn's class of a connection, watched; `most`: how many may wait for their client."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    watch = {"watch": Connections(most)}
    return type("WatchedProtocol", (WatchedConnection, HttpToolsProtocol), watch)
