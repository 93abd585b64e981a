# SPDX-License-Identifier: Apache-2.0
"""Journals from outside: one file that sqlite3 opens, that replays the same, and in which every alteration is noticed."""
import json
import os
import sqlite3

import lib


class Journal(lib.Case):
    def record(self, *words):
        self.ok("sim", *(words or ("M01", "--seed", "3")), "--journal", "a.stw")
        self.assertEqual(os.listdir(self.folder), ["a.stw"])

    def edit(self, *statements):
        database = sqlite3.connect(self.path("a.stw"))
        for statement in statements:
            database.execute(statement)
        database.commit()
        database.close()

    def query(self, statement):
        database = sqlite3.connect(self.path("a.stw"))
        rows = database.execute(statement).fetchall()
        database.close()
        return rows

    def test_journal_when_true_replays_the_same(self):
        self.record("M01", "M05", "--runs", "2", "--arm", "all", "--seed", "5")
        done = self.ok("replay", "a.stw")
        self.assertRegex(done.stdout.decode(), r"^a\.stw: 6 runs, all the same: \d+ frames executed; \d+ frames of the manual arm "
                         r"have no core and are only checked\n.*`steward audit verify a\.stw`.*\n$")
        told = self.json("replay", "a.stw")
        self.assertEqual((told["same"], told["runs"]), (True, 6))
        self.assertEqual(told["frames"], self.query("SELECT count(*) FROM frame")[0][0])
        self.assertNotIn("divergence", told)

    def test_journal_when_of_any_mind_replays_the_same(self):
        for mind in ("rules", "escalate_all", "act_always", "saboteur"):
            self.ok("sim", "mix:prior", "--seed", "8", "--mind", mind, "--journal", f"{mind}.stw")
            self.ok("replay", f"{mind}.stw")

    def test_journal_when_a_crash_happened_replays_the_same(self):
        self.record("X04", "X08", "--runs", "4", "--seed", "2")
        self.ok("replay", "a.stw")

    def test_journal_when_opened_has_its_tables(self):
        self.record("M01", "--arm", "all")
        tables = {row[0] for row in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.assertLessEqual({"run", "frame", "truth", "snapshot", "incident", "decision", "action", "approval", "llm"}, tables)
        columns = [row[1] for row in self.query("PRAGMA table_info(frame)")]
        self.assertEqual(columns, ["run", "seq", "at_ns", "kind", "body", "chain"])
        self.assertEqual(self.query("SELECT count(*) FROM frame WHERE typeof(body) <> 'blob' OR length(body) = 0 OR "
                                    "typeof(chain) <> 'blob' OR length(chain) = 0"), [(0,)])
        self.assertEqual([row[0] for row in self.query("SELECT arm FROM run ORDER BY id")], ["steward", "rules", "manual"])

    def test_projections_when_read_tell_the_incident(self):
        self.record()
        self.assertGreater(self.query("SELECT count(*) FROM incident WHERE event = 'opened'")[0][0], 0)
        self.assertGreater(self.query("SELECT count(*) FROM decision")[0][0], 0)

    def test_story_when_replayed_is_the_story_of_the_run(self):
        told = self.ok("sim", "M01", "--seed", "3", "--trace", "--journal", "a.stw").stdout.decode().splitlines()
        again = self.ok("replay", "a.stw", "--trace").stdout.decode().splitlines()

        def story(lines):
            return [line for line in lines if line.startswith("[")]

        self.assertGreater(len(story(told)), 3)
        self.assertEqual(story(told), story(again))

    def test_frame_when_altered_is_noticed(self):
        self.record()
        newest = self.query("SELECT max(seq) FROM frame")[0][0]
        middle = newest // 2
        for column in ("body", "chain"):
            for seq in (1, middle, newest):
                blob = self.query(f"SELECT {column} FROM frame WHERE seq = {seq}")[0][0]
                for at in (0, len(blob) // 2, len(blob) - 1):
                    altered = bytearray(blob)
                    altered[at] ^= 1
                    self.edit(f"UPDATE frame SET {column} = x'{altered.hex()}' WHERE seq = {seq}")
                    done = self.run_steward("replay", "a.stw")
                    self.assertIn(done.returncode, (1, 65), (column, seq, at))
                    self.assertIn(f"frame {seq}", (done.stdout + done.stderr).decode())
                self.edit(f"UPDATE frame SET {column} = x'{blob.hex()}' WHERE seq = {seq}")
        self.ok("replay", "a.stw")

    def test_frame_when_gone_or_added_is_noticed(self):
        for statement in ("DELETE FROM frame WHERE seq = (SELECT max(seq) FROM frame)", "DELETE FROM frame WHERE seq = 7",
                          "INSERT INTO frame SELECT run, seq + 1, at_ns, kind, body, chain FROM frame ORDER BY seq DESC LIMIT 1",
                          "UPDATE frame SET at_ns = at_ns + 1 WHERE seq = 9", "DELETE FROM run"):
            self.record()
            self.edit(statement)
            self.fails(65, "replay", "a.stw", tells=["a.stw"])
            os.remove(self.path("a.stw"))

    def test_journal_when_cut_or_none_is_refused(self):
        self.record()
        with open(self.path("a.stw"), "rb") as stream:
            whole = stream.read()
        for length in (1, 100, 512, 4096, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
            self.write("cut.stw", whole[:length])
            self.fails(65, "replay", "cut.stw", tells=["cut.stw"])
        self.write("cut.stw", "")
        self.fails(65, "replay", "cut.stw", tells=["cut.stw: is empty"])
        self.write("cut.stw", "id: M01\n")
        self.fails(65, "replay", "cut.stw", tells=["cut.stw"])
        self.fails(66, "replay", "missing.stw", tells=["missing.stw"])
        self.fails(66, "replay", ".", tells=[".: is a directory"])

    def test_replay_when_under_another_policy_shows_the_first_decision_that_differs(self):
        self.record()
        self.write("same.yaml", self.source("scenarios/policies/default.yaml"))
        self.ok("replay", "a.stw", "--policy", "same.yaml")
        self.write("strict.yaml", "version: strict\nrules: []\n")
        done = self.run_steward("replay", "a.stw", "--policy", "strict.yaml", "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        divergence = json.loads(done.stdout)["divergence"]
        self.assertEqual(divergence["run"], 1)
        self.assertTrue(divergence["where"])
        self.fails(78, "replay", "a.stw", "--policy", self.write("bad.yaml", "surprise: 1\n"))
        self.fails(66, "replay", "a.stw", "--policy", "missing.yaml")


if __name__ == "__main__":
    lib.main()
