# SPDX-License-Identifier: Apache-2.0
"""Output that cannot be written: the right exit status, and nothing half-written stays."""
import json
import os
import signal
import subprocess
import time

import lib


class Output(lib.Case):
    def left(self):
        return sorted(os.listdir(self.folder))

    def test_journal_when_its_path_cannot_be_made_is_refused(self):
        self.write("taken.stw", "precious")
        self.fails(73, "sim", "M01", "--journal", "taken.stw", tells=["taken.stw: exists already"])
        with open(self.path("taken.stw"), encoding="utf-8") as stream:
            self.assertEqual(stream.read(), "precious")
        self.fails(73, "sim", "M01", "--journal", "nowhere/at/all.stw", tells=["nowhere/at/all.stw"])
        self.fails(66, "sim", "M01", "--journal", "./", tells=["is a directory"])
        self.fails(73, "sim", "M01", "--journal", "/dev/full", tells=["/dev/full"])
        self.assertEqual(self.left(), ["taken.stw"])

    def test_out_when_it_cannot_be_made_is_refused_before_the_work(self):
        self.write("file", "x")
        self.fails(73, "sim", "M01", "--runs", "10000000", "--out", "file", tells=["file: cannot be made"])
        self.fails(73, "sim", "M01", "--runs", "10000000", "--out", "file/inner", tells=["file/inner"])
        self.fails(73, "sim", "M01", "--out", "x/" * 3000, tells=["too long"])

    def test_out_when_given_holds_table_and_json(self):
        done = self.ok("sim", "M01", "--out", "deep/er", "--json")
        self.assertEqual(sorted(os.listdir(self.path("deep/er"))), ["campaign.json", "summary.txt"])
        with open(self.path("deep/er/campaign.json"), "rb") as stream:
            kept = json.load(stream)
        report = kept.pop("report")
        self.assertEqual(kept, json.loads(done.stdout))
        self.assertEqual(set(report), {"subject", "targets", "arms", "families", "incident"})

    def test_disk_when_full_leaves_no_journal(self):
        for n_bytes in (0, 4096, 65536):
            done = self.run_steward("sim", "M01", "--journal", "a.stw", preexec_fn=lib.limit_files(n_bytes))
            self.assertIn(done.returncode, (73, 74), done.stderr)
            self.assertIn(b"a.stw", done.stderr)
            self.assertLessEqual(done.stderr.count(b"\n"), 3)
            self.assertEqual(self.left(), [])

    def test_disk_when_full_leaves_no_half_result(self):
        done = self.run_steward("sim", "M01", "--out", "out", preexec_fn=lib.limit_files(100))
        self.assertIn(done.returncode, (73, 74), done.stderr)
        self.assertEqual(self.left(), [])

    def test_disk_when_full_leaves_both_files_or_none(self):
        os.mkdir(self.path("out"))
        table = self.ok("sim", "M01").stdout
        done = self.run_steward("sim", "M01", "--out", "out", preexec_fn=lib.limit_files(len(table) + 200))
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertIn(b"campaign.json: writing failed: File too large", done.stderr)
        self.assertEqual(os.listdir(self.path("out")), [])

    def test_standard_output_when_full_is_a_failure(self):
        for words in (["sim", "M01"], ["sim", "M01", "--json"], ["sim", "M01", "--trace"], ["scenario", "list"], ["--help"],
                      ["scenario", "list", "--json"], ["scenario", "show", "M01"], ["version"], ["sim", "--help"]):
            with open("/dev/full", "wb") as full:
                done = self.run_steward(*words, stdout=full)
            self.assertEqual(done.returncode, 74, (words, done.stderr))
            self.assertIn(b"writing failed: No space left on device", done.stderr)

    def test_standard_output_when_its_reader_left_leaves_no_journal(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = self.run_steward("sim", "M01", "--runs", "50", "--trace", "--journal", "a.stw", stdout=writer)
        os.close(writer)
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertEqual(self.left(), [])

    def stop_with(self, number, *words):
        child = subprocess.Popen([lib.STEWARD, "sim", "mix:prior", "--runs", "10000000", *words], cwd=self.folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not os.path.exists(self.path("a.stw.partial")) and "--journal" in words and time.monotonic() < deadline:
            time.sleep(0.01)  # The outside has no other sign of life than the file.
        while not os.path.exists(self.path("out")) and "--out" in words and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send_signal(number)
        printed, message = child.communicate(timeout=60)
        self.assertEqual(printed, b"")
        self.assertRegex(message.decode(), r"\Asteward sim: stopped after \d+ of 10000000 episodes; nothing written\n\Z")
        return child.returncode

    def test_campaign_when_stopped_ends_and_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for words in (["--journal", "a.stw"], ["--jobs", "2", "--out", "out/deep/er/"]):
                self.assertEqual(self.stop_with(number, *words), 128 + number)
                self.assertEqual(self.left(), [])

    def test_campaign_when_stopped_leaves_the_folder_that_was_there(self):
        os.mkdir(self.path("out"))
        self.assertEqual(self.stop_with(signal.SIGTERM, "--journal", "a.stw", "--out", "out"), 128 + signal.SIGTERM)
        self.assertEqual(self.left(), ["out"])


if __name__ == "__main__":
    lib.main()
