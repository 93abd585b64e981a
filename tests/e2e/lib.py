# SPDX-License-Identifier: Apache-2.0
"""Runs the program in a folder of its own and says what it expects of every failure."""
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

STEWARD = os.environ["STEWARD"]
SOURCE = os.environ["STEWARD_SOURCE"]


def limit_files(n_bytes):
    """In the child: no file may grow beyond n_bytes, in place of a full disk."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)

    return limit


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="steward_e2e_")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(text if isinstance(text, bytes) else text.encode())
        return path

    def source(self, name):
        with open(os.path.join(SOURCE, name), encoding="utf-8") as stream:
            return stream.read()

    def run_steward(self, *words, **options):
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([STEWARD, *words], stderr=subprocess.PIPE, cwd=self.folder, stdin=subprocess.DEVNULL,
                              timeout=300, **options)

    def ok(self, *words, status=0):
        done = self.run_steward(*words)
        self.assertEqual(done.returncode, status, (words, done.stderr.decode()))
        return done

    def json(self, *words, status=0):
        return json.loads(self.ok(*words, "--json", status=status).stdout)

    def fails(self, status, *words, tells=(), **options):
        """The status, at most three lines on standard error that begin with the program's name, none on standard output."""
        done = self.run_steward(*words, **options)
        message = done.stderr.decode()
        self.assertEqual(done.returncode, status, (words, message))
        self.assertTrue(message.startswith("steward"), message)
        self.assertTrue(message.endswith("\n"), message)
        self.assertLessEqual(message.count("\n"), 3, message)
        self.assertLess(len(message), 700)
        for word in tells:
            self.assertIn(word, message)
        self.assertFalse(done.stdout, words)
        return message


def main():
    unittest.main(verbosity=2)
