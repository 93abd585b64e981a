#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live tests: a drifting model, real Pushgateway, Prometheus, Alertmanager and MLflow, and stewards in every mode, side by side.

usage: live_test.py STEWARD MLFLOW [--quick] [--keep] [SCENARIO...]
--quick leaves out what waits for the quarter of an hour that a metric has to be clear before an incident is closed by rule."""
import base64
import contextlib
import hashlib
import hmac
import json
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from http_double import ask
from llm import INJECTED, Llm
from model import Model
from proxy import Proxy
from receiver import Receiver
from servers import NotReady, Servers, wait_for
from steward import Person, Steward, webhook_secret

DETECT_S, DECIDE_S, HEAL_S, RECOVER_S = 60, 240, 60, 200  # Deadlines, with room for a busy machine.
CLOSE_S = 25 * 60
LEARNT_WINDOWS, LEARN_S = 30, 600

began = time.monotonic()
lock = threading.Lock()
counts = {"passed": 0, "failed": 0, "skipped": 0}


def say(words):
    with lock:
        print(f"[{time.monotonic() - began:4.0f} s] {words}", flush=True)


def count(kind, words):
    with lock:
        counts[kind] += 1
    say(f"{kind:7} {words}")


class Stop(Exception):
    """A step failed that the next ones rest on."""


class Scenario:
    def __init__(self, rig, name, mode, faults=()):
        self.rig, self.name = rig, name
        self.steward = Steward(rig.program, rig.folder, name, mode)
        self.faults = list(faults)

    @contextlib.contextmanager
    def step(self, words):
        try:
            yield
        except AssertionError as problem:
            count("failed", f"{self.name}: {words}: {problem}")
            raise Stop from problem
        count("passed", f"{self.name}: {words}")

    def prepare(self):
        rig, steward = self.rig, self.steward
        rig.servers.register(self.name)
        rig.llm.faults[self.name] = self.faults
        steward.write(rig.servers.url, rig.proxy.url, rig.llm, rig.receiver)
        self.model = Model(self.name, rig.servers.url("mlflow"), rig.servers.url("pushgateway"))
        self.model.start()
        wanted = wait_for(lambda: rig.servers.n_samples(self.name) >= 14, DETECT_S)  # The first window is a whole one.
        assert wanted, f"the model's telemetry does not reach Prometheus: {getattr(self.model, 'problem', 'no data')}"

    def begin(self):
        """Starts steward on a healthy model."""
        with self.step("check answers for a sound configuration, and for its servers"):
            checked = self.steward.run("live", "check", str(self.steward.file), "--online")
            assert checked.returncode == 0, checked.stdout + checked.stderr
        with self.step("starts and is ready"):
            assert self.steward.start(), self.steward.words()[-800:]
        with self.step("reads windows of the healthy model without an incident"):
            assert wait_for(lambda: self.n_events("window") >= 2, 40), "no window"
            assert not self.steward.status()["incidents"], self.steward.status()

    def release(self):
        """The version that will fail."""
        self.rig.servers.promote(self.name, 2)

    def send_change(self, name, note, is_signed=True):
        """A release as a CloudEvent; the answer's status."""
        body = json.dumps({"specversion": "1.0", "id": name, "source": "/ci", "type": "steward.change.model",
                           "data": {"model": self.name, "from": 1, "to": 2, "note": note}}).encode()
        headers = {"Content-Type": "application/cloudevents+json"}
        if is_signed:
            stamp, key = str(int(time.time())), base64.b64decode(self.rig.receiver.secret.removeprefix("whsec_"))
            signed = b".".join([name.encode(), stamp.encode(), body])
            signature = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            headers |= {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}
        return ask("POST", self.steward.url + "/intake/cloudevents", body, headers).status

    def n_events(self, kind):
        return self.steward.metric("steward_events_total", f'{{kind="{kind}"}}')

    def detect(self):
        with self.step("opens an incident after the version of bad quality was released"):
            found = wait_for(lambda: self.steward.status()["incidents"], DETECT_S)
            assert found, f"accuracy {self.rig.servers.accuracy(self.name)}"
            self.incident = found[-1]["incident"]

    def alerted(self):
        with self.step("takes the alert of Alertmanager"):
            assert wait_for(lambda: "alert firing: ModelAccuracyLow" in self.steward.words(), DETECT_S), "no alert in the log"

    def state(self):
        for entry in self.steward.status()["incidents"]:
            if entry["incident"] == self.incident:
                return entry["state"]
        return "gone"

    def healed(self):
        with self.step("the alias points at version 1 again"):
            assert wait_for(lambda: self.rig.servers.champion(self.name) == 1, DECIDE_S), self.steward.status()
        with self.step("the metric recovers"):
            assert wait_for(lambda: (self.rig.servers.accuracy(self.name) or 0) > 0.9, HEAL_S), self.rig.servers.accuracy(self.name)

    def once_only(self):
        with self.step("MLflow saw one action, and one successful move of the alias for it"):
            moves = self.rig.proxy.sets_of(self.name)
            assert len(moves) == 1 and all(len(changes) == 1 for changes in moves.values()), moves
            assert all(change["key"] for changes in moves.values() for change in changes), moves

    def is_verified(self):
        return self.steward.metric("steward_audit_records_total", '{kind="verified"}') >= 1

    def end(self):
        """Orderly end, replay, audit."""
        with self.step("ends orderly on SIGTERM"):
            status = self.steward.end()
            assert status == 0, f"exit status {status}: {self.steward.words()[-400:]}"
        with self.step("the journal replays"):
            replayed = self.steward.run("replay", str(self.steward.journal()))
            assert replayed.returncode == 0, f"exit status {replayed.returncode}: {replayed.stdout}{replayed.stderr}"
        with self.step("the journal verifies"):
            audited = self.steward.run("audit", "verify", str(self.steward.journal()))
            assert audited.returncode == 0, f"exit status {audited.returncode}: {audited.stdout}{audited.stderr}"

    def run(self):
        try:
            self.prepare()
            self.play()
        except Stop:
            pass
        except Exception as problem:  # noqa: BLE001 - the other scenarios go on.
            count("failed", f"{self.name}: {problem!r}\n{traceback.format_exc(limit=4)}")
        finally:
            if self.steward.process is not None:
                self.steward.end()
            if hasattr(self, "model"):
                self.model.stop()


class Shadow(Scenario):
    """The default mode: everything is decided, nothing is changed."""

    def __init__(self, rig):
        super().__init__(rig, "shadow", None)

    def play(self):
        self.begin()
        self.release()
        with self.step("is in mode shadow without being told"):
            assert self.steward.status()["mode"] == "shadow", self.steward.status()
        self.detect()
        self.alerted()
        with self.step("shows the request that it does not send"):
            shown = wait_for(lambda: "not sent (shadow)" in self.steward.words(), DECIDE_S)
            assert shown and "registered-models/alias" in self.steward.words(), self.steward.words()[-1500:]
        with self.step("its metrics are clean"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=ask("GET", self.steward.url + "/metrics").body,
                                     capture_output=True, timeout=30, check=False)
            assert checked.returncode == 0, checked.stderr.decode()
        self.end()
        with self.step("nothing changed in MLflow"):
            assert self.rig.servers.champion(self.name) == 2, self.rig.servers.champion(self.name)
            assert not self.rig.proxy.changes_of(self.name), self.rig.proxy.changes_of(self.name)


class Propose(Scenario):
    """Nothing without a person: approved through the page, closed by a person."""

    def __init__(self, rig):
        super().__init__(rig, "propose", "propose")

    def play(self):
        self.begin()
        self.release()
        with self.step("takes a signed change event once and refuses an unsigned one"):
            assert self.send_change("release-2", "nightly release", is_signed=False) == 401
            for _ in range(2):  # At least once is what a sender promises.
                assert self.send_change("release-2", "nightly release") == 202
            assert wait_for(lambda: self.n_events("change") == 1, 10), self.n_events("change")
        self.detect()
        self.alerted()
        with self.step("shows the exact action on the page and waits"):
            ada = Person(self.steward, "ada")
            assert ada.cookie, "the token is not taken"
            form = wait_for(lambda: ada.form("/", "approve"), DECIDE_S)
            assert form and len(form["hash"]) == 32, ada.get("/")[-1500:]
            assert "ROLLBACK" in ada.get("/"), ada.get("/")[-1500:]
            assert self.rig.servers.champion(self.name) == 2 and not self.rig.proxy.changes_of(self.name)
        with self.step("refuses a stranger's token, a form without its secret and another action's hash"):
            stranger = ask("POST", self.steward.url + "/login", "token=" + "x" * 32, {"Content-Type": "application/x-www-form-urlencoded"})
            assert stranger.status == 403, stranger.status
            forged = ada.post("/act", form | {"csrf": "0" * 32})
            assert forged.status == 403, forged.status
            other = ada.post("/act", form | {"hash": "0" * 32})
            assert other.status == 409, other.status
            assert self.rig.servers.champion(self.name) == 2
        with self.step("the approver approves through the page"):
            answer = ada.post("/act", form)
            assert answer.status == 303, f"{answer.status} {answer.text()}"
        self.healed()
        self.once_only()
        with self.step("the effect is verified by labels"):
            assert wait_for(self.is_verified, RECOVER_S), self.steward.status()
        with self.step("a person closes the incident on the page"):
            olga = Person(self.steward, "olga")
            answer = olga.post("/act", olga.form(f"/incident/{self.incident}", "resolve"))
            assert answer.status == 303, answer.status
            closed = wait_for(lambda: self.state() == "handed over", DETECT_S)
            assert closed, self.state()
        with self.step("its trace is OTLP by the official definitions"):
            traces = self.rig.receiver.traces
            assert wait_for(lambda: traces.get(self.name), 30), "no trace arrived"
            file = self.steward.folder / "trace.json"
            file.write_bytes(traces[self.name][0])
            python = pathlib.Path(self.rig.mlflow).with_name("python3")
            checked = subprocess.run([python, pathlib.Path(__file__).with_name("otlp_check.py"), file],
                                     capture_output=True, text=True, timeout=60, check=False)
            assert checked.returncode == 0, checked.stdout + checked.stderr
        self.end()


class Auto(Scenario):
    """By policy alone, from drift to the closed incident."""

    def __init__(self, rig):
        super().__init__(rig, "auto", "auto")

    def play(self):
        self.begin()
        self.release()
        self.detect()
        self.alerted()
        self.healed()
        self.once_only()
        with self.step("the effect is verified by labels"):
            assert wait_for(self.is_verified, RECOVER_S), self.steward.status()
        with self.step("the registry says who moved the alias"):
            got = ask("GET", f"{self.rig.servers.url('mlflow')}/api/2.0/mlflow/registered-models/get?name={self.name}").json()
            tags = {tag["key"]: tag["value"] for tag in got["registered_model"].get("tags", [])}
            moves = self.rig.proxy.sets_of(self.name)
            assert tags.get("steward.key") in [change["key"] for changes in moves.values() for change in changes], tags
        if self.rig.is_quick:
            count("skipped", "auto: the incident is closed by rule (it takes a quarter of an hour; --quick)")
        else:
            with self.step("the incident is closed by rule once the metric has been clear"):
                closed = wait_for(lambda: self.state() in ("resolved", "gone"), CLOSE_S, 2)
                assert closed, f"{self.state()}: {self.steward.words()[-1500:]}"
        self.end()


class Injected(Scenario):
    """Instructions in the words of others are an attack to be told, not an order."""

    def __init__(self, rig):
        super().__init__(rig, "injected", "auto")

    def play(self):
        self.begin()
        with self.step("an instruction in a signed event's note opens an incident for people"):
            assert self.send_change("release-3", INJECTED) == 202
            attacked = wait_for(lambda: any(entry["cause"] == "attack" for entry in self.steward.status()["incidents"]), DETECT_S)
            assert attacked, self.steward.status()
        with self.step("somebody is paged, and answers on the page"):
            person = Person(self.steward, "olga")
            form = wait_for(lambda: person.form("/", "acknowledge"), DECIDE_S)
            assert form, person.get("/")[-1500:]
            assert person.post("/act", form).status == 303
        with self.step("halt on the command line within two seconds while a hundred dawdle, and on the page; resume by an operator"):
            with contextlib.ExitStack() as dawdlers:
                for _ in range(100):
                    dawdler = dawdlers.enter_context(socket.create_connection(("127.0.0.1", self.steward.port), timeout=5))
                    dawdler.sendall(b"POST /act HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
                asked = time.monotonic()
                halted = self.steward.run("halt", "-c", str(self.steward.file))
                took = time.monotonic() - asked
            assert halted.returncode == 0, halted.stdout + halted.stderr
            assert took < 2, f"{took:.1f} s"
            assert wait_for(lambda: self.steward.status()["halted"], 10), "not halted"
            opal = Person(self.steward, "opal")
            assert opal.post("/act", opal.form("/", "resume")).status == 303
            assert wait_for(lambda: not self.steward.status()["halted"], 10), "still halted"
        self.end()
        with self.step("nothing changed in MLflow"):
            assert not self.rig.proxy.changes_of(self.name), self.rig.proxy.changes_of(self.name)


class Doubt(Scenario):
    """A population moves and nothing is lost: the tables are in doubt, and ask an LLM that misbehaves. Nothing may come of that."""

    def __init__(self, rig, name, faults, n_asked, verdict):
        super().__init__(rig, name, "auto", faults)
        self.n_asked, self.verdict = n_asked, verdict

    def play(self):
        self.begin()
        with self.step("learns for five minutes what is usual here"):  # In a stream this young only gross faults would alarm.
            assert wait_for(lambda: self.n_events("window") >= LEARNT_WINDOWS, LEARN_S), self.n_events("window")
        self.model.moved = "logins"
        self.detect()
        with self.step(f"asks the LLM, which does: {', '.join(self.faults) or 'well'}"):
            assert wait_for(lambda: len(self.rig.llm.asked.get(self.name, [])) >= self.n_asked, DETECT_S), self.steward.words()[-1500:]
        with self.step(f"the reply counts as: {self.verdict}"):
            assert wait_for(lambda: self.n_replies(self.verdict) == 1, 30), self.steward.words()[-1500:]
            assert self.verdict == "valid" or self.n_replies("valid") == 0
        with self.step("the journal of a running steward is not there to be read yet, and says so"):
            audited = self.steward.run("audit", "verify", str(self.steward.journal()))
            assert audited.returncode == 69 and "a running steward holds it" in audited.stderr, f"{audited.returncode} {audited.stderr}"
        self.end()
        with self.step("the cassette has the exchange and no secret, and plays in a simulation of the deployment"):
            cassette = self.steward.folder / "llm.cassette"
            assert re.search(rb"^exchange [0-9a-f]{32} " + self.verdict.encode() + rb" \d+ ", cassette.read_bytes(), re.MULTILINE), cassette.read_bytes()[:300]
            assert not [name for name, secret in self.steward.secrets.items() if secret.encode() in cassette.read_bytes()]
            played = [self.steward.run("sim", "M01", "--deployment", str(self.steward.file), "--llm", f"cassette:{cassette}", "--json") for _ in range(2)]
            assert all(run.returncode in (0, 1) for run in played), played[0].stderr
            fingerprints = [json.loads(run.stdout)["fingerprint"] for run in played]
            assert fingerprints[0] == fingerprints[1], fingerprints
        with self.step("nothing changed in MLflow"):
            assert not self.rig.proxy.changes_of(self.name), self.rig.proxy.changes_of(self.name)

    def n_replies(self, verdict):
        return self.steward.metric("steward_llm_replies_total", f'{{verdict="{verdict}"}}')


class Crash(Scenario):
    """Killed between intent and outcome, again and again: never twice, never lost."""

    def __init__(self, rig, name, cuts):
        super().__init__(rig, name, "auto")
        self.cuts = cuts

    def play(self):
        self.begin()
        self.release()
        cuts = [self.rig.proxy.cut(self.name, *self.cuts[0])]
        for place in [*self.cuts[1:], None]:
            cut = cuts[-1]
            with self.step(f"killed at: {cut}"):
                try:
                    assert cut.caught.wait(DECIDE_S), f"no such request: {self.steward.words()[-1500:]}"
                    self.steward.kill()
                    words = self.steward.words()
                    assert "actuator     > starts action" in words and "> verified action" not in words, words[-800:]
                finally:
                    cut.released.set()
            if place is not None:
                cuts.append(self.rig.proxy.cut(self.name, *place))
            with self.step("starts again and takes the run up"):
                assert self.steward.start(), self.steward.words()[-800:]
                assert "goes on after frame" in self.steward.words()
        self.healed()
        with self.step("the effect is verified by labels"):
            assert wait_for(self.is_verified, RECOVER_S), self.steward.words()[-1500:]
        self.once_only()
        self.end()
        with self.step("every intent has its outcome in the journal"):
            with contextlib.closing(sqlite3.connect(self.steward.journal())) as journal:
                rows = journal.execute("select action, step from action order by run, seq, rowid").fetchall()
            steps = [step for action, step in rows if step in ("intent", "outcome", "verified")]
            n_intents = steps.count("intent")
            assert n_intents >= 1 and steps == ["intent", "outcome"] * n_intents + ["verified"], rows


class Changed(Scenario):
    """Killed between intent and outcome, and started again in another mode: the old run gets its outcome before a new one begins."""

    def __init__(self, rig):
        super().__init__(rig, "changed", "auto")

    def play(self):
        self.begin()
        self.release()
        cut = self.rig.proxy.cut(self.name, *SET_AFTER)
        with self.step(f"killed at: {cut}"):
            try:
                assert cut.caught.wait(DECIDE_S), f"no such request: {self.steward.words()[-1500:]}"
                self.steward.kill()
            finally:
                cut.released.set()
        self.steward.file.write_text(self.steward.file.read_text().replace("  mode: auto\n", "  mode: shadow\n"))
        with self.step("starts in another mode and reads back what the run before began"):
            assert self.steward.start(), self.steward.words()[-800:]
            assert "was left with changes under way" in self.steward.words(), self.steward.words()[-1500:]
            settled = wait_for(lambda: "every change of the run before has its outcome in the journal" in self.steward.words(), RECOVER_S)
            assert settled, self.steward.words()[-1500:]
        with self.step("the new run is in its own mode and not halted"):
            assert wait_for(lambda: self.steward.status()["mode"] == "shadow" and not self.steward.status()["halted"], 30), self.steward.status()
        self.end()
        with self.step("the old run's intent has its outcome, the new run has none"):
            with contextlib.closing(sqlite3.connect(self.steward.journal())) as journal:
                rows = journal.execute("select run, step from action order by run, seq, rowid").fetchall()
            assert ("intent" in [step for _, step in rows]) and ("outcome" in [step for _, step in rows]), rows
            assert [run for run, _ in rows] == [1] * len(rows), rows
        with self.step("MLflow saw the move once"):
            moves = self.rig.proxy.sets_of(self.name)
            assert len(moves) == 1 and all(len(changes) == 1 for changes in moves.values()), moves


SET_BEFORE, SET_LATE, SET_AFTER = ("set", "before"), ("set", "late"), ("set", "after")
ACT_READ_BEFORE, ACT_READ_AFTER = ("read for the act", "before"), ("read for the act", "after")
LOOK_BEFORE, LOOK_AFTER = ("read for evidence", "before"), ("read for evidence", "after")
TAG_BEFORE = ("tag", "before")


def scenarios(rig):
    return [Shadow(rig), Propose(rig), Auto(rig), Injected(rig), Changed(rig),
            Doubt(rig, "llm-limited", ["rate_limited"], 2, "valid"),
            Doubt(rig, "llm-broken", ["broken", "truncated"], 2, "syntax"),
            Doubt(rig, "llm-slow", ["slow", "slow", "slow"], 2, "timeout"),
            Doubt(rig, "llm-malformed", ["malformed"], 1, "syntax"),
            Doubt(rig, "llm-html", ["html"], 1, "transport"),
            Doubt(rig, "llm-injected", ["injected"], 1, "schema"),
            Crash(rig, "crash-lost", [SET_BEFORE, LOOK_BEFORE, LOOK_AFTER, ACT_READ_AFTER, SET_AFTER]),
            Crash(rig, "crash-late", [ACT_READ_BEFORE, LOOK_AFTER, SET_LATE, LOOK_BEFORE, LOOK_AFTER]),
            Crash(rig, "crash-tags", [SET_AFTER, LOOK_BEFORE, LOOK_AFTER, LOOK_BEFORE, LOOK_AFTER]),
            Crash(rig, "crash-done", [TAG_BEFORE, LOOK_AFTER, LOOK_BEFORE, LOOK_AFTER, LOOK_BEFORE])]


class Rig:
    def __init__(self, program, mlflow, is_quick, names):
        self.program, self.mlflow, self.is_quick = program, mlflow, is_quick
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="steward-live-"))
        self.servers = Servers(self.folder, mlflow)
        self.llm, self.receiver = Llm(), Receiver(webhook_secret())
        self.proxy = Proxy(self.servers.url("mlflow"))
        self.scenarios = [scenario for scenario in scenarios(self) if not names or scenario.name in names]

    def run(self):
        receivers = {}
        for scenario in self.scenarios:
            token = scenario.steward.folder / "alerts.token"
            token.write_text(scenario.steward.secrets["alerts"])
            receivers[scenario.name] = (scenario.steward.port, token)
        self.servers.start(receivers)
        say("servers are up")
        threads = [threading.Thread(target=scenario.run) for scenario in self.scenarios]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.look_for_secrets()

    def look_for_secrets(self):
        """Secrets in logs, journals, messages or prompts; foreign words in prompts."""
        secrets = {word for scenario in self.scenarios for word in scenario.steward.secrets.values()}
        kept = [scenario.steward.log for scenario in self.scenarios]
        kept += [path for scenario in self.scenarios for path in (scenario.steward.folder / "state").glob("*")]
        places = {str(path): path.read_bytes() for path in kept if path.is_file()}
        places |= {"messages": self.receiver.bodies(), "prompts": self.llm.bodies()}
        found = [name for name, content in places.items() for secret in secrets if secret.encode() in content]
        count("failed" if found else "passed", f"no secret in logs, journals, messages or prompts {found or ''}")
        told = INJECTED.encode() in places["prompts"]
        count("failed" if told else "passed", "words of a label or a note never reach the LLM")
        wrong = self.receiver.n_forged
        count("failed" if wrong or not self.receiver.messages else "passed",
              f"every webhook message is signed ({len(self.receiver.messages)} messages, {wrong} forged, {self.receiver.n_repeated} repeated)")

    def stop(self, is_kept):
        self.servers.stop()
        for double in (self.proxy, self.llm, self.receiver):
            double.server.stop()
        if is_kept or counts["failed"]:
            say(f"logs and journals: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    rig = Rig(words[0], words[1], "--quick" in sys.argv, words[2:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        rig.run()
    except NotReady as problem:
        count("failed", str(problem))
    except KeyboardInterrupt:
        count("failed", "interrupted")
    finally:
        rig.stop("--keep" in sys.argv)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
