"""Answers / and /healthz. Stops when it is asked to."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {"/": "Hello\n", "/healthz": "ok\n"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = ANSWERS.get(self.path, "Not found\n").encode()
        self.send_response(200 if self.path in ANSWERS else 404)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
