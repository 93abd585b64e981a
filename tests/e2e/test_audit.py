# SPDX-License-Identifier: Apache-2.0
"""The audit trail from outside: keys, verification by the program and by what the documentation prints, proofs that a stranger can check."""
import base64
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import lib


def sha256(data):
    return hashlib.sha256(data).digest()


class Audit(lib.Case):
    def record(self, name="a.stw", *words, key="KEY"):
        if key is not None and not os.path.exists(self.path(key)):
            self.ok("audit", "keygen", key, "--name", "example.com/steward")
        sign = ("--sign", key) if key is not None else ()
        self.ok("sim", *(words or ("M01", "--seed", "3")), "--journal", name, *sign)

    def edit(self, statement, name="a.stw"):
        database = sqlite3.connect(self.path(name))
        database.execute(statement)
        database.commit()
        database.close()

    def test_journal_when_signed_verifies_with_size_root_signer_and_ok(self):
        self.record("a.stw", "M01", "M05", "--runs", "2", "--arm", "all", "--seed", "5")
        told = self.ok("audit", "verify", "a.stw", "--key", "KEY.pub").stdout.decode()
        for pattern in (r"(?m)^size    \d+$", r"(?m)^root    [A-Za-z0-9+/]{43}=$", r"(?m)^signer  example\.com/steward, key [0-9a-f]{8} ",
                        r"(?m)^saved   none: rollback is not excluded", r"(?m)^OK      a\.stw$"):
            self.assertRegex(told, pattern)
        self.ok("replay", "a.stw")
        data = self.json("audit", "verify", "a.stw")
        self.assertEqual((data["ok"], data["signed"], data["signer"], data["problem"], data["rollback_excluded"]),
                         (True, True, "example.com/steward", None, False))

    def test_journal_when_unsigned_verifies_and_says_unsigned(self):
        self.record(key=None)
        self.assertIn("unsigned", self.ok("audit", "verify", "a.stw").stdout.decode())
        data = self.json("audit", "verify", "a.stw")
        self.assertEqual((data["ok"], data["signed"], data["signer"], data["key"]), (True, False, None, None))
        self.ok("audit", "keygen", "KEY")
        self.ok("audit", "verify", "a.stw", "--key", "KEY.pub", status=1)

    def test_journal_when_edited_is_refused(self):
        self.record()
        shutil.copy(self.path("a.stw"), self.path("true.stw"))
        for statement in ("UPDATE decision SET verb = 'NOOP'", "DELETE FROM truth", "UPDATE run SET plan = ''",
                          "UPDATE frame SET at_ns = at_ns + 1 WHERE seq = 9", "DELETE FROM frame WHERE seq = 9", "DELETE FROM checkpoint",
                          "UPDATE tree SET root = zeroblob(32)", "UPDATE snapshot SET body = x'00'", "UPDATE document SET kind = 'other'"):
            shutil.copy(self.path("true.stw"), self.path("a.stw"))
            self.edit(statement)
            told = self.ok("audit", "verify", "a.stw", status=1).stdout.decode()
            self.assertRegex(told, r"(?m)^NOT OK  a\.stw: .{10}", statement)
            self.assertNotRegex(told, r"(?m)^OK", statement)
            self.assertTrue(self.json("audit", "verify", "a.stw", status=1)["problem"])
            self.fails(65, "audit", "prove", "a.stw", "1", tells=["a.stw"])
        shutil.copy(self.path("true.stw"), self.path("a.stw"))
        self.edit("DROP TABLE decision")
        self.fails(65, "audit", "verify", "a.stw", tells=["a.stw"])

    def test_journal_when_none_is_refused(self):
        self.fails(66, "audit", "verify", "missing.stw", tells=["missing.stw"])
        self.fails(66, "audit", "verify", ".", tells=["is a directory"])
        self.fails(65, "audit", "verify", self.write("x.stw", "id: M01\n"), tells=["x.stw"])
        self.record()
        with open(self.path("a.stw"), "rb") as stream:
            whole = stream.read()
        self.fails(65, "audit", "verify", self.write("cut.stw", whole[:len(whole) // 2]), tells=["cut.stw"])

    def test_copy_when_older_or_cut_is_found_by_a_kept_checkpoint(self):
        words = ("M01", "M05", "--runs", "1", "--seed", "5")
        self.record("old.stw", *words)
        self.record("new.stw", *words, "--arm", "all")
        kept = self.ok("audit", "checkpoint", "new.stw").stdout
        self.write("kept.note", kept)
        told = self.ok("audit", "verify", "new.stw", "--key", "KEY.pub", "--checkpoint", "kept.note").stdout.decode()
        self.assertNotIn("not excluded", told)
        self.assertIn("older copy", self.ok("audit", "verify", "old.stw", "--checkpoint", "kept.note", status=1).stdout.decode())
        self.ok("audit", "verify", "old.stw")
        self.write("kept.note", self.ok("audit", "checkpoint", "old.stw").stdout)
        self.assertTrue(self.json("audit", "verify", "new.stw", "--checkpoint", "kept.note")["rollback_excluded"])
        self.write("kept.note", kept.replace(b"run sha256 ", b"run sha256 0"))
        self.ok("audit", "verify", "new.stw", "--checkpoint", "kept.note", status=1)
        self.fails(65, "audit", "verify", "new.stw", "--checkpoint", self.write("bad.note", "nonsense"), tells=["not a checkpoint"])
        self.fails(66, "audit", "verify", "new.stw", "--checkpoint", "missing.note")

    def test_documentation_when_followed_verifies_the_journal_without_us(self):
        if shutil.which("openssl") is None:
            self.skipTest("openssl is not installed")
        self.record("a.stw", "M01", "--seed", "3", "--arm", "all")
        script = re.search(r"```python\n(.*?)```", self.source("docs/EVIDENCE.md"), re.S).group(1)
        self.write("verify.py", script)
        run = [sys.executable, "verify.py", "a.stw", "KEY.pub"]
        done = subprocess.run(run, cwd=self.folder, capture_output=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn(self.json("audit", "verify", "a.stw")["root"], done.stdout.decode())
        self.edit("UPDATE frame SET body = body || x'00' WHERE seq = 5")
        self.assertNotEqual(subprocess.run(run, cwd=self.folder, capture_output=True, timeout=300, check=False).returncode, 0)

    def test_proof_when_checked_by_a_stranger_holds(self):
        self.record("a.stw", "M01", "--seed", "3", "--arm", "all")
        for place in ("1", "17", "2:40"):
            proof = self.ok("audit", "prove", "a.stw", place).stdout.decode()
            head, origin, rest = proof.split("\n\n", 1)[0].split("\n"), *proof.split("\n\n", 1)[1].split("\n", 1)
            self.assertEqual(head[0], "c2sp.org/tlog-proof@v1")
            self.assertTrue(origin.startswith("example.com/steward/"))
            leaf = base64.b64decode(head[1].removeprefix("extra "))
            node, size = int(head[2].removeprefix("index ")), int(rest.split("\n")[0])
            last, value = size - 1, sha256(b"\0" + leaf)
            for line in head[3:]:
                other = base64.b64decode(line)
                if node % 2 == 1 or node == last:
                    value = sha256(b"\1" + other + value)
                    while node % 2 == 0 and node != 0:
                        node, last = node // 2, last // 2
                else:
                    value = sha256(b"\1" + value + other)
                node, last = node // 2, last // 2
            self.assertEqual((last, base64.b64encode(value).decode()), (0, rest.split("\n")[1]))
            data = self.json("audit", "prove", "a.stw", place)
            self.assertEqual((base64.b64decode(data["leaf"]), data["hashes"]), (leaf, head[3:]))
        self.ok("audit", "prove", "a.stw", "--since", "100")
        for place in ("0", "999999", "9:1", "x", "1:", ":1", "-1"):
            self.fails(2, "audit", "prove", "a.stw", place)

    def test_export_when_read_has_every_row(self):
        self.record()
        rows = [json.loads(line) for line in self.ok("audit", "export", "a.stw").stdout.splitlines()]
        database = sqlite3.connect(self.path("a.stw"))
        for table in ("run", "frame", "truth", "decision", "action", "tree", "checkpoint"):
            wanted = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            self.assertEqual(sum(row["table"] == table for row in rows), wanted, table)
        database.close()
        frame = next(row for row in rows if row["table"] == "frame")
        self.assertEqual(len(base64.b64decode(frame["leaf_base64"])), 32)

    def test_key_when_made_is_the_owners_alone_and_is_not_overwritten(self):
        told = self.ok("audit", "keygen", "KEY").stdout.decode()
        self.assertEqual(os.stat(self.path("KEY")).st_mode & 0o777, 0o600)
        with open(self.path("KEY"), encoding="utf-8") as stream:
            secret = stream.read().strip()
        with open(self.path("KEY.pub"), encoding="utf-8") as stream:
            self.assertEqual(stream.read(), told)
        self.assertTrue(secret.startswith("PRIVATE+KEY+KEY+"))
        self.fails(73, "audit", "keygen", "KEY", tells=["KEY"])
        os.remove(self.path("KEY.pub"))
        self.fails(73, "audit", "keygen", "KEY", tells=["KEY: exists already"])
        self.assertFalse(os.path.exists(self.path("KEY.pub")))
        self.fails(2, "audit", "keygen", "two words", tells=["no name"])
        self.fails(73, "audit", "keygen", "nowhere/KEY")

    def test_key_when_others_can_read_it_or_wrong_is_refused(self):
        self.ok("audit", "keygen", "KEY")
        with open(self.path("KEY"), encoding="utf-8") as stream:
            secret = stream.read().strip().split("+")[-1]
        words = ("sim", "M01", "--seed", "3", "--journal", "a.stw", "--sign", "KEY")
        for mode in (0o644, 0o604, 0o640):
            os.chmod(self.path("KEY"), mode)
            self.assertNotIn(secret, self.fails(78, *words, tells=["KEY", "chmod 600"]))
        os.chmod(self.path("KEY"), 0o600)
        self.fails(78, *words[:-1], self.own("bad", secret), tells=["bad"])
        self.fails(78, *words[:-1], self.own("empty", ""), tells=["empty"])
        self.fails(66, *words[:-1], "missing")
        self.fails(66, *words[:-1], ".")
        self.fails(2, "sim", "M01", "--sign", "KEY", tells=["--journal"])
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith("a.stw")])
        self.ok(*words)
        with open(self.path("a.stw"), "rb") as stream:
            self.assertNotIn(secret.encode(), stream.read())
        self.assertNotIn(secret, self.fails(78, "audit", "verify", "a.stw", "--key", "KEY", tells=["secret key"]))
        self.fails(78, "audit", "verify", "a.stw", "--key", self.write("no.pub", "x"), tells=["no.pub"])
        self.ok("audit", "keygen", "OTHER", "--name", "KEY")
        self.ok("audit", "verify", "a.stw", "--key", "OTHER.pub", status=1)

    def own(self, name, text):
        path = self.write(name, text)
        os.chmod(path, 0o600)
        return path

    def test_usage_when_wrong_is_told(self):
        for words in ((), ("burn",), ("verify",), ("verify", "a", "b"), ("prove", "a"), ("keygen",), ("export", "a", "--json"),
                      ("verify", "a", "--since", "1"), ("keygen", "a", "--key", "b")):
            self.fails(2, "audit", *words)
        self.assertTrue(self.ok("audit", "--help").stdout.startswith(b"usage: steward audit verify"))


if __name__ == "__main__":
    lib.main()
