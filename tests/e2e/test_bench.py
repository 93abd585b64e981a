# SPDX-License-Identifier: Apache-2.0
"""`steward bench`: shape and exit statuses. No test depends on how fast the machine is: baselines are planted."""
import json

import lib


class Bench(lib.Case):
    def baseline(self, **change):
        result = {"name": "psi", "unit": "ns", "value": 1e12, "n": 1, "limit": None, "of_limit": None}
        result.update(change)
        return self.write("old.json", json.dumps({"build": "x", "results": [result]}))

    def test_result_when_asked_for_has_its_members(self):
        result = self.json("bench", "--only", "psi")
        self.assertEqual(set(result), {"build", "compiler", "repeats", "results"})
        (one,) = result["results"]
        self.assertEqual((one["name"], one["unit"]), ("psi", "ns"))
        self.assertGreater(one["value"], 0)
        self.assertGreater(one["n"], 0)
        self.assertGreater(one["limit"], 0)
        self.assertAlmostEqual(one["of_limit"], one["value"] / one["limit"], places=5)

    def test_benchmarks_when_all_run_are_those_that_are_promised(self):
        result = self.json("bench")
        units = {one["name"]: one["unit"] for one in result["results"]}
        promised = {"engine_hold": "ns", "queue_events": "events/s", "audited_events": "events/s", "encode": "ns", "psi": "ns",
                    "e_detector": "ns", "journal_append": "frames/s", "journal_durable": "frames/s",
                    "journal_durable_sqlite": "frames/s", "merkle_append": "leaves/s", "note_sign": "notes/s",
                    "note_verify": "notes/s", "incidents_prior": "episodes/s", "incidents_recorded": "episodes/s",
                    "speed_up": "times", "start_up": "ms"}
        self.assertLessEqual(promised.items(), units.items())
        self.assertTrue(all(one["value"] > 0 for one in result["results"]))

    def test_baseline_when_far_faster_is_a_regression(self):
        self.baseline(value=1e-12)
        result = self.json("bench", "--only", "psi", "--baseline", "old.json", status=1)
        self.assertEqual(result["regressions"], 1)
        self.assertIs(result["results"][0]["regression"], True)
        self.assertIn(b"REGRESSION", self.ok("bench", "--only", "psi", "--baseline", "old.json", status=1).stdout)

    def test_baseline_when_far_slower_is_none(self):
        self.baseline()
        result = self.json("bench", "--only", "psi", "--baseline", "old.json")
        self.assertEqual(result["regressions"], 0)
        self.baseline(of_limit=1e9)
        self.assertEqual(self.json("bench", "--only", "psi", "--baseline", "old.json")["regressions"], 0)

    def test_own_result_when_given_back_is_read(self):
        first = self.ok("bench", "--only", "psi", "--json").stdout
        self.write("old.json", first)
        done = self.run_steward("bench", "--only", "psi", "--baseline", "old.json")
        self.assertIn(done.returncode, (0, 1), done.stderr)

    def test_baseline_when_damaged_is_told(self):
        self.fails(66, "bench", "--only", "psi", "--baseline", "missing.json", tells=["missing.json"])
        for bad in ("{", "[]", "{}"):
            self.write("old.json", bad)
            self.fails(65, "bench", "--only", "psi", "--baseline", "old.json", tells=["old.json"])
        self.baseline(unit="ms")
        self.fails(65, "bench", "--only", "psi", "--baseline", "old.json", tells=["psi"])
        self.baseline(name="other")
        self.fails(65, "bench", "--only", "psi", "--baseline", "old.json", tells=["none of the benchmarks"])

    def test_usage_when_wrong_is_told(self):
        self.fails(2, "bench", "--only", "nothing of that name", tells=["nothing of that name"])
        self.fails(2, "bench", "M01", tells=["M01"])
        self.assertIn("--baseline", self.ok("bench", "--help").stdout.decode())


if __name__ == "__main__":
    lib.main()
