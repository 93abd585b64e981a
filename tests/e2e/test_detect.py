# SPDX-License-Identifier: Apache-2.0
"""steward detect: the fixed JSON, every kind of cell, the right exit status, the evaluation and the picture."""
import json
import os
import re
import shutil
import subprocess
import unittest

import lib


class Detect(lib.Case):
    def stream(self, name="s.csv"):
        """Right answers, then errors from row 500 on."""
        rows = "".join(f"{i},{int(i >= 500 and i % 3 > 0 or i % 10 == 0)}\n" for i in range(1000))
        return self.write(name, "row,error\n" + rows)

    def test_json_when_asked_for_has_its_members_in_order(self):
        self.stream()
        done = self.ok("detect", "s.csv", "--column", "error", "--detector", "ddm", "--json")
        result = json.loads(done.stdout)
        self.assertEqual(list(result)[:5], ["detector", "n", "alarms", "file", "column"])
        self.assertEqual((result["file"], result["column"]), ("s.csv", "error"))
        self.assertEqual((result["detector"], result["n"]), ("ddm", 1000))
        self.assertEqual(len(result["alarms"]), 1)
        self.assertTrue(500 < result["alarms"][0] < 600)
        self.assertTrue(500 <= result["warnings"][0] < result["alarms"][0])
        self.assertEqual(result["settings"], {"warm_start": 30, "warning_threshold": 2.0, "drift_threshold": 3.0})

    def test_input_when_standard_is_the_same_as_the_file(self):
        path = self.stream()
        with open(path, "rb") as stream:
            piped = subprocess.run([lib.STEWARD, "detect", "-", "--column", "error", "--detector", "ddm", "--json"], stdin=stream,
                                   stdout=subprocess.PIPE, check=True, cwd=self.folder)
        with open(path, "rb") as stream:
            silent = subprocess.run([lib.STEWARD, "detect", "--column", "1", "--detector", "ddm", "--json"], stdin=stream,
                                    stdout=subprocess.PIPE, check=True, cwd=self.folder)
        plain = self.json("detect", "s.csv", "--column", "error", "--detector", "ddm")
        self.assertEqual(json.loads(piped.stdout), {**plain, "file": "standard input"})
        self.assertEqual(json.loads(silent.stdout), {**plain, "file": "standard input", "column": "1"})

    def test_input_when_it_comes_by_pipes_is_the_same_as_the_files(self):
        self.stream()
        self.write("truth.csv", "500\n")
        words = "detect {} --column error --detector ddm --evaluate {} --json"
        piped = subprocess.run(["bash", "-c", f"'{lib.STEWARD}' " + words.format("<(cat s.csv)", "<(cat truth.csv)")], stdout=subprocess.PIPE,
                               check=True, cwd=self.folder)
        plain = self.json(*words.format("s.csv", "truth.csv").split()[:-1])
        self.assertEqual({**json.loads(piped.stdout), "file": "s.csv"}, plain)
        done = subprocess.run(["bash", "-c", f"'{lib.STEWARD}' detect <(true) --detector ddm"], stderr=subprocess.PIPE, check=False, cwd=self.folder)
        self.assertEqual(done.returncode, 65)
        self.assertIn(b"is empty", done.stderr)

    def test_rows_when_they_hold_no_number_are_listed_and_counted(self):
        self.write("s.csv", "a,x\n1,0\n2,\n3,NaN\n4,inf\n5,abc\n6,1\n7\n8,0.5\n9,-1e400\n")
        result = self.json("detect", "s.csv", "--column", "x", "--detector", "ddm")
        self.assertEqual(result["n"], 9)
        self.assertEqual({kind: one["rows"] for kind, one in result["data_quality"].items()},
                         {"text": [4], "infinite": [3, 8], "nan": [2], "missing": [1, 6], "outside": [7]})
        text = self.ok("detect", "s.csv", "--column", "x", "--detector", "ddm").stdout.decode()
        self.assertIn("missing    2: rows 1, 6\n", text)

    def test_rows_when_missing_between_move_the_index_only(self):
        values = [0] * 200 + [5] * 200
        self.write("dense.csv", "x\n" + "".join(f"{value}\n" for value in values))
        self.write("holes.csv", "x\n" + "".join(f"{value}\nNA\n" for value in values))
        dense = self.json("detect", "dense.csv", "--detector", "page_hinkley")["alarms"]
        holes = self.json("detect", "holes.csv", "--detector", "page_hinkley")["alarms"]
        self.assertTrue(dense)
        self.assertEqual(holes, [2 * row for row in dense])

    def test_columns_when_constant_are_no_alarm(self):
        self.write("constant.csv", "x\n" + "0\n" * 3000)
        names = [one["name"] for one in self.json("detect", "--list")["detectors"]]
        for name in names:
            self.assertEqual(self.json("detect", "constant.csv", "--column", "x", "--detector", name)["alarms"], [], name)

    def test_stream_when_it_holds_nothing_to_watch_is_no_success(self):
        for name, text, tells in (("header.csv", "x\n", "no row after the header"), ("empty.csv", "x,y\n" + ",1\n" * 30, "30 missing"),
                                  ("text.csv", "x\n" + "abc\n" * 5, "5 text"), ("nan.csv", "x\nnan\ninf\n", "1 nan, 1 infinite"),
                                  ("utf16.csv", "x\n1\n2\n".encode("utf-16"), "is UTF-16"), ("binary.csv", bytes(range(128, 256)) * 9, "nothing to watch")):
            self.write(name, text)
            column = ("--column", "x") if name != "binary.csv" else ()
            self.fails(65, "detect", name, "--detector", "adwin", *column, tells=[name, tells])
        self.write("one.csv", "x\nabc\n1\n")
        self.assertEqual(self.json("detect", "one.csv", "--detector", "adwin")["n"], 2)

    def test_header_when_it_may_be_a_row_is_asked_for(self):
        self.write("bare.csv", "3,7\n4,8\n5,9\n")
        self.fails(65, "detect", "bare.csv", "--column", "7", "--detector", "ddm", tells=["--header", "--no-header --column 1"])
        self.assertEqual(self.json("detect", "bare.csv", "--no-header", "--column", "1", "--detector", "adwin")["n"], 3)
        self.assertEqual(self.json("detect", "bare.csv", "--header", "--column", "7", "--detector", "adwin")["n"], 2)
        self.fails(2, "detect", "bare.csv", "--header", "--no-header", "--column", "7", "--detector", "ddm", tells=["one of them"])
        self.write("twice.csv", "x,y,x\n1,2,3\n")
        self.fails(65, "detect", "twice.csv", "--column", "x", "--detector", "ddm", tells=["2 columns are called 'x'", "--column 0, or 2"])

    def test_reader_when_it_leaves_is_a_failed_write(self):
        """Not a lack of memory: one line with the reason, as of every verb."""
        for words in (("detect", "--list", "--json"), ("detect", "--list")):
            ends = os.pipe()
            os.close(ends[0])
            with os.fdopen(ends[1], "wb") as closed:
                done = self.run_steward(*words, stdout=closed)
            self.assertEqual(done.returncode, 74, words)
            self.assertEqual(done.stderr.decode(), "steward: standard output: writing failed: Broken pipe\n")

    def test_list_when_asked_for_names_every_detector_and_its_options(self):
        listed = {one["name"]: one for one in self.json("detect", "--list")["detectors"]}
        for name in ("adwin ddm eddm hddm_a hddm_w fhddm page_hinkley cusum ewma ecdd gma kswin iks e_sr e_cusum ctm").split():
            one = listed[name]
            self.assertGreater(one["state_bytes"], 0)
            self.stream()
            words = [word for option in one["options"] for word in ("--set", f"{option['name']}={option['default']}")]
            given = self.json("detect", "s.csv", "--column", "error", "--detector", name, *words)
            default = self.json("detect", "s.csv", "--column", "error", "--detector", name)
            self.assertEqual(given, default, name)
        self.assertIn("flavour=clamped", self.ok("detect", "--list", "--detector", "page_hinkley").stdout.decode())

    def test_usage_when_wrong_lists_what_there_is(self):
        self.stream()
        base = ["detect", "s.csv", "--column", "error"]
        self.fails(2, *base, tells=["--detector", "--list"])
        self.fails(2, *base, "--detector", "adwin2", tells=["'adwin2'", "adwin, ddm", "ctm"])
        self.fails(2, *base, "--detector", "ddm", "--set", "delta=1", tells=["'delta'", "warm_start", "drift_threshold"])
        self.fails(2, *base, "--detector", "ddm", "--set", "warm_start", tells=["KEY=VALUE"])
        for bad in ("0", "1.5", "nan", "x", "", "1e99"):
            self.fails(2, *base, "--detector", "ddm", "--set", f"warm_start={bad}", tells=["warm_start", "whole number from 1"])
        self.fails(2, *base, "--detector", "ddm", "--set", "drift=1", tells=["drift"])
        self.fails(2, *base, "--detector", "adwin", "--set", "flavour=weka", tells=["'weka'", "river, moa, frouros"])
        self.fails(2, *base, "other.csv", "--detector", "ddm", tells=["other.csv"])
        self.fails(2, "detect", "--list", "extra", tells=["--list", "extra"])
        self.fails(2, "detect", "--list", "--plot", "x.svg", tells=["--list", "--plot"])
        self.fails(2, *base, "--detector", "ddm", "--max-delay", "5", tells=["--max-delay", "--evaluate"])
        usage = self.ok("detect", "--help").stdout.decode()
        self.assertIn("--set KEY=VALUE...", usage)
        for status in (0, 2, 65, 66, 69, 70, 73, 74):
            self.assertRegex(usage, rf"(status: |; |\n){status} ")

    def test_input_when_bad_is_told(self):
        self.stream()
        self.fails(65, "detect", "s.csv", "--column", "price", "--detector", "ddm", tells=["s.csv", "'price'", "row, error"])
        self.fails(65, "detect", "s.csv", "--detector", "ddm", tells=["s.csv", "2 columns", "row, error"])
        self.fails(66, "detect", "none.csv", "--detector", "ddm", tells=["none.csv"])
        self.fails(66, "detect", ".", "--detector", "ddm", tells=["directory"])
        self.write("quote.csv", 'x\n1\n"2\n3\n')
        self.fails(65, "detect", "quote.csv", "--detector", "ddm", tells=["quote.csv: line 3", "quoted"])
        self.write("empty.csv", "")
        self.fails(65, "detect", "empty.csv", "--detector", "ddm", tells=["empty.csv"])
        self.fails(65, "detect", "--detector", "ddm", tells=["standard input"])

    def test_evaluation_when_truth_is_given_stands_beside_the_baselines(self):
        self.stream()
        self.write("truth.csv", "first,last\n500,700\n")
        words = ["detect", "s.csv", "--column", "error", "--detector", "ddm", "--evaluate", "truth.csv"]
        result = self.json(*words)
        alarm = result["alarms"][0]
        self.assertEqual(result["evaluation"]["detected"], 1)
        self.assertEqual(result["evaluation"]["mtd"], alarm - 500)
        self.assertAlmostEqual(result["evaluation"]["normalized_delay"], (alarm - 500) / 200)
        self.assertIsNone(result["evaluation"]["arl"])
        self.write("truth.csv", "500\n")
        self.assertAlmostEqual(self.json(*words)["evaluation"]["normalized_delay"], (alarm - 500) / 499)
        self.assertEqual(set(result["baselines"]), {"no_change", "every_100", "every_1000"})
        self.assertEqual(result["baselines"]["no_change"]["mdr"], 1.0)
        self.assertEqual(result["baselines"]["every_100"]["alarms"], 10)
        self.assertEqual(result["baselines"]["every_100"]["hits"], 2)
        self.assertIn("every_100", self.ok(*words).stdout.decode())

    def test_evaluation_when_a_delay_is_allowed_counts_later_alarms_as_false(self):
        self.stream()
        self.write("truth.csv", "500\n")
        words = ["detect", "s.csv", "--column", "error", "--detector", "ddm", "--evaluate", "truth.csv"]
        self.assertEqual(self.json(*words)["evaluation"]["detected"], 1)
        result = self.json(*words, "--max-delay", "2")["evaluation"]
        self.assertEqual((result["detected"], result["false_alarms"]), (0, 1))

    def test_truth_when_bad_is_told(self):
        self.stream()
        words = ["detect", "s.csv", "--column", "error", "--detector", "ddm", "--evaluate", "truth.csv"]
        self.fails(66, *words, tells=["truth.csv"])
        for bad, line in (("500\nx\n", 2), ("5,3\n", 1), ("1,\n", 1), ("1;2\n", 1), ("-5\n7\n", 1), ("x500\n700\n", 1), ("abc", 1)):
            self.write("truth.csv", bad)
            self.fails(65, *words, tells=[f"truth.csv: line {line}", "first,last"])
        self.write("truth.csv", "row\n1000\n7\n")
        self.fails(65, *words, tells=["truth.csv: line 2", "row 1000", "last row is 999"])
        self.write("truth.csv", "row\n")
        self.assertEqual(self.json(*words)["evaluation"]["false_alarms"], 1)
        self.write("truth.csv", "5\n5\n")
        self.fails(65, *words, tells=["truth.csv", "row 5"])

    @unittest.skipIf(shutil.which("gnuplot") is None, "gnuplot is not installed")
    def test_plot_when_asked_for_is_one_picture_of_its_own(self):
        self.stream()
        self.write("truth.csv", "500\n")
        self.ok("detect", "s.csv", "--column", "error", "--detector", "ddm", "--evaluate", "truth.csv", "--plot", "out.svg")
        with open(self.path("out.svg"), encoding="utf-8") as stream:
            svg = stream.read()
        self.assertTrue(svg.startswith("<svg"))
        self.assertTrue(svg.rstrip().endswith("</svg>"))
        for words in (">error<", ">alarm<", ">statistic of ddm<", ">row<"):
            self.assertIn(words, re.sub(r"\s+<", "<", svg))
        self.assertNotIn("<script", svg)
        self.assertEqual(sorted(os.listdir(self.folder)), ["out.svg", "s.csv", "truth.csv"])

    @unittest.skipIf(shutil.which("gnuplot") is None, "gnuplot is not installed")
    def test_plot_when_it_fails_loses_no_alarm_and_no_file(self):
        self.stream()
        self.write("steward-detect.gp", "mine")
        words = ["detect", "s.csv", "--column", "error", "--detector", "ddm"]
        plain = self.ok(*words).stdout
        done = self.run_steward(*words, "--plot", "none/out.svg")
        self.assertEqual((done.returncode, done.stdout), (73, plain))
        self.assertEqual(done.stderr.decode(), "steward detect: none/out.svg: No such file or directory\n")
        done = subprocess.run([lib.STEWARD, *words, "--plot", "out.svg"], env={"PATH": self.folder}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (69, plain))
        both = [subprocess.Popen([lib.STEWARD, *words, "--plot", f"{i}.svg"], stdout=subprocess.DEVNULL, cwd=self.folder) for i in range(2)]
        self.assertEqual([one.wait() for one in both], [0, 0])
        with open(self.path("0.svg"), "rb") as first, open(self.path("1.svg"), "rb") as second:
            self.assertEqual(first.read(), second.read())
        with open(self.path("steward-detect.gp"), encoding="utf-8") as stream:
            self.assertEqual(stream.read(), "mine")
        self.assertEqual(sorted(os.listdir(self.folder)), ["0.svg", "1.svg", "s.csv", "steward-detect.gp"])

    @unittest.skipIf(shutil.which("gnuplot") is None, "gnuplot is not installed")
    def test_plot_when_there_is_a_threshold_or_a_change_names_it(self):
        self.stream()
        self.write("truth.csv", "500\n")
        self.ok("detect", "s.csv", "--column", "error", "--detector", "e_sr", "--set", "m0=0.2", "--evaluate", "truth.csv", "--plot", "out.svg")
        with open(self.path("out.svg"), encoding="utf-8") as stream:
            svg = re.sub(r"\s+<", "<", stream.read())
        self.assertIn(">threshold 10000<", svg)
        self.assertIn(">real change<", svg)
        self.ok("detect", "s.csv", "--column", "error", "--detector", "ddm", "--plot", "out.svg")
        with open(self.path("out.svg"), encoding="utf-8") as stream:
            svg = stream.read()
        self.assertNotIn("threshold", svg)
        self.assertNotIn("real change", svg)

    @unittest.skipIf(shutil.which("gnuplot") is None, "gnuplot is not installed")
    def test_plot_when_one_value_is_a_number_is_still_one(self):
        self.write("s.csv", "x\n" + "NA\n" * 10 + "1\n")
        self.ok("detect", "s.csv", "--detector", "adwin", "--plot", "out.svg")
        self.write("s.csv", "x\n5\n")
        self.ok("detect", "s.csv", "--detector", "adwin", "--plot", "out.svg")


if __name__ == "__main__":
    lib.main()
