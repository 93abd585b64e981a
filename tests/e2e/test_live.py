# SPDX-License-Identifier: Apache-2.0
"""steward live on its own, with servers that are away: what a dry run leaves, what people may, what a changed file changes."""
import hashlib
import os
import signal
import socket
import subprocess
import time
import urllib.request

import lib

FILE = """\
name: alone
window: 5min
models:
  - name: fraud
    tier: medium
    requests_per_window: 1000
    label_delay: 1h
    accuracy_floor: 0.8
    availability_floor: 0.9
    features:
      - {{name: amount, table: payments, importance: 0.5}}
tables:
  - {{name: payments, producer: pia}}
people:
  - {{name: olga, roles: [oncall], level: 1}}
  - {{name: ada, roles: [approver]}}
  - {{name: pia, roles: [producer]}}
  - {{name: opal, roles: [operator]}}
  - {{name: wanda, roles: [owner]}}
  - {{name: sven, roles: [security]}}
tools: [state, calendar]
verbs: [NOOP, NOTIFY, ESCALATE]
llm: {{enabled: false}}
live:
  state_dir: {state}
  listen: {{port: {port}}}
  prometheus: {{url: "http://127.0.0.1:1"}}
  mlflow: {{url: "http://127.0.0.1:1"}}
  logins:
    - {{person: olga, token_file: olga}}
    - {{person: ada, token_file: ada}}
    - {{person: opal, token_file: opal}}
{calendar}"""
FREEZE = '  calendar:\n    - {kind: freeze, from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"}\n'
WAIT_S = 30


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Live(lib.Case):
    def setUp(self):
        super().setUp()
        self.port, self.process = free_port(), None
        for name in ("olga", "ada", "opal"):
            os.chmod(self.write(name, f"a-token-of-sixteen-of-{name}" + "\n"), 0o600)
        self.configure()

    def tearDown(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def configure(self, calendar="", state="state"):
        self.write("live.yaml", FILE.format(port=self.port, state=state, calendar=calendar))

    def log(self):
        with open(self.path("log"), encoding="utf-8") as stream:
            return stream.read()

    def wait_for(self, holds, what):
        until = time.monotonic() + WAIT_S
        while not holds():
            self.assertTrue(time.monotonic() < until and self.process.poll() is None, (what, self.log()))
            time.sleep(0.02)

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def start(self, *words):
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen([lib.STEWARD, "live", "-c", "live.yaml", *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        self.wait_for(self.answers, "it answers")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(WAIT_S), 0, self.log())
        self.process = None

    def state(self):
        """Every file of the state directory, by its digest."""
        found = {}
        for name in sorted(os.listdir(self.path("state"))):
            with open(self.path("state", name), "rb") as stream:
                found[name] = hashlib.sha256(stream.read()).hexdigest()
        return found

    def test_dry_run_when_it_ends_left_the_state_directory_as_it_was(self):
        self.start("--dry-run")
        self.fails(65, "halt", "-c", "live.yaml", tells=["This is a dry run: it takes no commands."])
        scratch = self.log().split("its own journal is in ")[1].split(" ")[0]
        self.assertTrue(os.path.exists(scratch))
        self.end()
        self.assertFalse(os.path.exists(scratch))
        self.assertFalse(os.path.exists(self.path("state")))
        self.start()
        self.end()
        before = self.state()
        self.assertIn("journal.stw", before)
        self.configure(calendar=FREEZE)
        self.start("--dry-run", "--mode", "auto")
        self.end()
        self.assertEqual(self.state(), before)

    def test_command_when_the_warden_rejects_it_fails_with_the_reason(self):
        self.start()
        self.assertIn(b"halt: done", self.ok("halt", "-c", "live.yaml").stdout)
        refused = self.ok("resume", "-c", "live.yaml", "--as", "olga", status=1)
        self.assertIn(b"rejected: approval_role", refused.stderr)
        self.assertTrue(self.json("status", "-c", "live.yaml")["halted"])
        self.assertIn("rejects", self.log())  # And so it is in the journal.
        self.assertIn(b"resume: done", self.ok("resume", "-c", "live.yaml").stdout)  # By opal, who may.
        self.assertFalse(self.json("status", "-c", "live.yaml")["halted"])
        self.fails(65, "approve", "1", "-c", "live.yaml", tells=["no request 1 waits"])
        self.fails(2, "approve", "1-xyz", "-c", "live.yaml", tells=["wants NUMBER-CODE"])
        os.remove(self.path("opal"))
        self.fails(78, "resume", "-c", "live.yaml", tells=["opal"])
        self.end()

    def test_calendar_when_an_entry_left_the_file_is_withdrawn_at_once_and_by_a_restart(self):
        self.configure(calendar=FREEZE)
        self.start()
        self.wait_for(lambda: "calendar: freeze" in self.log(), "the freeze is declared")
        self.configure()
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "calendar, withdrawn: freeze" in self.log(), "the freeze is withdrawn")
        self.end()
        self.configure(calendar=FREEZE)
        self.start()
        self.wait_for(lambda: self.log().count("calendar: freeze") == 2, "it is declared again")
        self.end()
        self.configure()
        self.start()
        self.wait_for(lambda: self.log().count("calendar, withdrawn: freeze") == 2, "a restart withdraws it")
        self.assertIn("goes on after frame", self.log())
        self.end()
        self.ok("replay", "state/journal.stw")

    def test_check_when_the_state_directory_cannot_be_made_fails(self):
        self.ok("live", "check", "live.yaml")
        self.assertFalse(os.path.exists(self.path("state")))
        self.configure(state="nowhere/state")
        self.fails(73, "live", "check", "live.yaml", tells=["nowhere/state: cannot be made in"])
        self.write("state", "a file")
        self.configure()
        self.fails(73, "live", "check", "live.yaml", tells=["is not a directory"])


if __name__ == "__main__":
    lib.main()
