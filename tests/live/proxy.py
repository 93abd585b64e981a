# SPDX-License-Identifier: Apache-2.0
"""Counting proxy in front of MLflow: sees every change, counts those that succeed by action, and can hold one for as long as it takes to
kill whoever sent it."""
import json
import threading
import time
import urllib.parse

from http_double import Handler, Server, ask

LATE_S = 4  # By then the next steward has looked, and seen nothing of it.
CHANGES = ("POST", "PATCH", "PUT", "DELETE")


class Cut:
    """Where one request is caught. moment: before it reaches MLflow (it never will), late (it will when the sender's successor has looked
    already), after (MLflow has done it, the answer is lost)."""

    def __init__(self, model, kind, moment):
        self.model, self.kind, self.moment = model, kind, moment
        self.caught, self.released = threading.Event(), threading.Event()

    def __str__(self):
        return f"{self.kind}, {self.moment}"


class Proxy:
    def __init__(self, upstream):
        self.upstream = upstream
        self.lock = threading.Lock()
        self.changes = []  # Every changing request: model, path, action, key, status (None: never reached MLflow).
        self.n_reads = 0
        self.cuts = []
        self.server = Server(_Handler, self)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def cut(self, model, kind, moment):
        cut = Cut(model, kind, moment)
        with self.lock:
            self.cuts.append(cut)
        return cut

    def take_cut(self, model, kind):
        with self.lock:
            for cut in self.cuts:
                if cut.model == model and cut.kind == kind and not cut.caught.is_set():
                    cut.caught.set()
                    return cut
        return None

    def note(self, change):
        with self.lock:
            self.changes.append(change)

    def changes_of(self, model):
        with self.lock:
            return [change for change in self.changes if change["model"] == model]

    def sets_of(self, model):
        """Successful moves of the alias by action."""
        by_action = {}
        for change in self.changes_of(model):
            if change["path"].endswith("/registered-models/alias") and change["status"] == 200:
                by_action.setdefault(change["action"], []).append(change)
        return by_action


def kind_of(method, path, action):
    if method == "POST" and path.endswith("/registered-models/alias"):
        return "set"
    if method == "POST" and path.endswith("/set-tag"):
        return "tag"
    if method == "GET" and path.endswith("/registered-models/get"):
        return "read for the act" if action else "read for evidence"
    return "other"


class _Handler(Handler):
    def serve(self):
        proxy, body = self.server.owner, self.body()
        parts = urllib.parse.urlsplit(self.path)
        model = dict(urllib.parse.parse_qsl(parts.query)).get("name", "")
        if body:
            try:
                model = json.loads(body).get("name", "")
            except ValueError:
                model = ""
        action = self.headers.get("X-Steward-Action")
        change = {"model": model, "path": parts.path, "action": action, "key": self.headers.get("Idempotency-Key"), "status": None}
        cut = proxy.take_cut(model, kind_of(self.command, parts.path, action))
        if cut is None or cut.moment == "after":
            answer = self.forward(proxy, change, body)
        if cut is not None:
            cut.released.wait(60)
            if cut.moment == "late":
                time.sleep(LATE_S)
                self.forward(proxy, change, body)
            elif cut.moment == "before" and self.command in CHANGES:
                proxy.note(change)
            self.close_connection = True  # Whoever asked is dead.
            return
        self.answer(answer.status, answer.body, answer.headers.get("Content-Type") or answer.headers.get("content-type") or "")

    def forward(self, proxy, change, body):
        headers = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
        answer = ask(self.command, proxy.upstream + self.path, body or None, headers, 30)
        if self.command in CHANGES:
            change["status"] = answer.status
            proxy.note(change)
        else:
            proxy.n_reads += 1
        return answer

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve
