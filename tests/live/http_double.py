# SPDX-License-Identifier: Apache-2.0
"""HTTP for the doubles: a server on a free port of the loopback, and one request with its answer."""
import http.client
import http.server
import json
import threading
import urllib.parse


class Server(http.server.ThreadingHTTPServer):
    """Serves with the given handler class, in threads of its own, until stop()."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler, owner, port=0):
        super().__init__(("127.0.0.1", port), handler)
        self.owner = owner
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def handle_error(self, request, client_address):
        """A peer that was killed breaks its connection: that is what the tests are about."""

    def stop(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        """Silent: what came is kept by the double."""

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, body, content_type="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode("utf-8", "replace")


def ask(method, url, body=None, headers=None, timeout=10.0):
    """One request; OSError and http.client.HTTPException when there is no answer."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        path = parts.path or "/"
        connection.request(method, path + ("?" + parts.query if parts.query else ""), body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()
