# SPDX-License-Identifier: Apache-2.0
"""Webhook receiver: checks the signature of every message (Standard Webhooks), does each id once, and takes chat messages as Slack would and traces as
a collector would."""
import base64
import hashlib
import hmac
import json
import threading

from http_double import Handler, Server


class Receiver:
    def __init__(self, secret):
        self.secret = secret  # whsec_...
        self.lock = threading.Lock()
        self.messages = {}  # By webhook-id.
        self.chat = []
        self.traces = {}  # By the first part of their path: bodies.
        self.n_forged = self.n_repeated = 0
        self.server = Server(_Handler, self)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def is_signed(self, headers, body):
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = b".".join([headers.get("webhook-id", "").encode(), headers.get("webhook-timestamp", "").encode(), body])
        wanted = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        return any(hmac.compare_digest(wanted, given.encode()) for given in headers.get("webhook-signature", "").split())

    def bodies(self):
        with self.lock:
            return b"\n".join([*self.messages.values(), *self.chat, *(body for bodies in self.traces.values() for body in bodies)])


class _Handler(Handler):
    def do_POST(self):
        receiver, body = self.server.owner, self.body()
        with receiver.lock:
            if self.path.startswith("/chat"):
                json.loads(body)
                receiver.chat.append(body)
                self.answer(200, b"ok", "text/plain")
                return
            if self.path.endswith("/v1/traces"):
                receiver.traces.setdefault(self.path.split("/")[1], []).append(body)
                self.answer(200, b"{}")
                return
            if not receiver.is_signed(self.headers, body):
                receiver.n_forged += 1
                self.answer(401, b'{"status":"failed"}')
                return
            name = self.headers["webhook-id"]
            receiver.n_repeated += name in receiver.messages
            receiver.messages[name] = body
        self.answer(200, b'{"status":"done"}')
