"""A mail server for the bench: speaks SMTP, accepts everything, counts what it got and keeps none of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ANSWERS = {"DATA": "354 go on", "QUIT": "221 bye"}


class Sink:
    """How many mails were accepted."""

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
        self.mails = 0
        self._port = port
        self._talking: set[asyncio.Task[None]] = set()

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        server = await asyncio.start_server(self._meet, "127.0.0.1", self._port)
        ready.set()
        await over.wait()
        server.close()
        for one in self._talking:
            one.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talking.add(task)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._talking.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 bench\r\n")
        while line := await reader.readline():
            word = line.decode("latin-1").strip().partition(" ")[0].upper()
            writer.write(f"{ANSWERS.get(word, '250 fine')}\r\n".encode())
            if word == "DATA":
                await reader.readuntil(b"\r\n.\r\n")
                self.mails += 1
                writer.write(b"250 accepted\r\n")
            if word == "QUIT":
                return


@contextmanager
def listening(port: int) -> Iterator[Sink]:
    """A sink in a thread of its own."""
    sink, ready, over, loops = Sink(port), threading.Event(), asyncio.Event(), []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await sink.serve(ready, over)

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="sink", daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield sink
    finally:
        loops[0].call_soon_threadsafe(over.set)
        thread.join(10)
