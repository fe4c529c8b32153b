"""GET /notes lists notes, POST /notes adds the body as one. Stops when it is asked to."""

import json
import os
import signal
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATABASE = os.environ.get("DATABASE", "api.db")


def connect() -> sqlite3.Connection:
    return sqlite3.connect(DATABASE, timeout=10, isolation_level=None)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer(200, {"status": "ok"})
        elif self.path == "/notes":
            with closing(connect()) as database:
                rows = database.execute("SELECT id, text FROM notes").fetchall()
            self.answer(200, [{"id": number, "text": text} for number, text in rows])
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        if self.path != "/notes":
            self.answer(404, {"error": "not found"})
            return
        text = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        with closing(connect()) as database:
            added = database.execute("INSERT INTO notes (text) VALUES (?)", (text,))
        self.answer(201, {"id": added.lastrowid, "text": text})

    def answer(self, status: int, data: object) -> None:
        text = json.dumps(data).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


with closing(connect()) as first:
    first.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
