# SPDX-License-Identifier: Apache-2.0
"""sim --wire: the adapters of live mode against doubles that fail. Safety holds, and the number of workers changes nothing."""
import lib


class Wire(lib.Case):
    def test_campaign_when_wired_breaks_no_invariant_and_is_the_same_for_any_jobs(self):
        words = ["sim", "mix:prior", "--wire", "--runs", "60"]
        results = []
        for jobs in ("1", "2"):
            result = self.json(*words, "--jobs", jobs)
            result.pop("wall_s")
            results.append(result)
        self.assertEqual(results[0]["arms"]["steward"]["violations"], 0)
        self.assertEqual(results[0], results[1])
        plain = self.json("sim", "mix:prior", "--runs", "60", "--jobs", "2")
        self.assertNotEqual(results[0]["fingerprint"], plain["fingerprint"])

    def test_journal_when_wired_replays(self):
        self.ok("sim", "mix:prior", "--wire", "--runs", "4", "--journal", "a.stw")
        self.ok("replay", "a.stw")


if __name__ == "__main__":
    lib.main()
