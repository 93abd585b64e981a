# SPDX-License-Identifier: Apache-2.0
# Counts the single tests in ctest's JUnit files: those that a program reports in the words of cmocka or of Python's unittest, or the
# program as a whole when it reports none. Prints why tests were skipped, then the line `N passed, N failed, N skipped`; fails when any failed.
# A file NAME.log is what a script of tests said: its last such line counts, and each line `[T s] skipped REASON` or `skipped: REASON`.
# usage: awk -f count.awk FILE...

function value_of(attribute) {
    return match($0, attribute "=\"[^\"]*\"") ? substr($0, RSTART + length(attribute) + 2, RLENGTH - length(attribute) - 3) : ""
}

function sum_of(word) {
    return match($0, word "=[0-9]+") ? substr($0, RSTART + length(word) + 1, RLENGTH - length(word) - 1) + 0 : 0
}

# What the last log said is the sum of it: a log without a sum is a failure.
function add_said(    sum, i) {
    if (is_log && split(said, sum, " ") == 6) {
        n_passed += sum[1]
        n_failed += sum[3]
        for (i = 1; i <= sum[5]; i++) skip_for(i <= n_why ? why[i] : n_why > 0 ? why[n_why] : "no reason given")
    } else if (is_log) {
        n_failed++
    }
    said = ""
    n_why = 0
}

function skip_for(reason) {
    n_skipped++
    if (!(reason in n_for)) reasons[++n_reasons] = reason
    n_for[reason]++
}

FNR == 1 {
    add_said()
    is_log = FILENAME ~ /\.log$/
}
is_log && match($0, /^(\[ *[0-9]+ s\] skipped +|skipped: )/) { why[++n_why] = substr($0, RLENGTH + 1) }
is_log && /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { said = $0 }
is_log { next }

/<testcase / {
    name = value_of("name")
    status = value_of("status")
    n_ok = n_bad = n_left_out = n_run = n_told = 0
    is_summary = is_named = 0
    before = ""
}

/<skipped / { is_named = value_of("message") ~ /^SKIP_/ }

{
    sub(/^[[:blank:]]*<system-out>/, "")
    sub(/<\/system-out>$/, "")
    gsub(/&apos;/, "\047")
    gsub(/&quot;/, "\"")
}
# What cmocka lists after its run repeats what it said before.
/ test\(s\) run\.$| test\(s\), listed below:$/ { is_summary = 1 }
/^\[==========\] Running/ { is_summary = 0 }
!is_summary && /^\[       OK \]/ { n_ok++ }
!is_summary && /^\[  FAILED  \]/ { n_bad++ }
!is_summary && /^\[  SKIPPED \]/ {
    n_left_out++
    at = index($0, ": ")
    skip_for(at > 0 ? substr($0, at + 2) : before != "" ? before : "no reason given")
}
# Python's unittest gives sums at the end, and names and reasons of what was skipped only when it was asked to.
match($0, / \.\.\. skipped ['"].*['"]$/) {
    n_told++
    skip_for(substr($0, RSTART + 14, RLENGTH - 15))
}
/^Ran [0-9]+ tests? in / { n_run = $2 }
n_run > 0 && /^(OK|FAILED)( \(.*\))?$/ {
    n_bad += sum_of("failures") + sum_of("errors")
    n_left_out += sum_of("skipped")
    n_ok += n_run - sum_of("failures") - sum_of("errors") - sum_of("skipped")
    for (; n_told < sum_of("skipped"); n_told++) skip_for("no reason given by " name)
    n_run = 0
}
/^[^[<[:blank:]]/ { before = $0; sub(/^skipped: /, "", before) }

/<\/testcase>/ {
    n_passed += n_ok
    n_failed += n_bad
    if (status == "run" && n_ok + n_left_out == 0) n_passed++
    else if (status == "fail" && n_bad == 0) n_failed++
    else if (status == "notrun" && !is_named) n_failed++
    else if (status == "notrun" && n_left_out == 0) skip_for(before != "" ? before : name)
    else if (status == "disabled") skip_for(name " is disabled")
}

END {
    add_said()
    for (i = 1; i <= n_reasons; i++) printf "skipped, %d: %s\n", n_for[reasons[i]], reasons[i]
    printf "%d passed, %d failed, %d skipped\n", n_passed, n_failed, n_skipped
    exit n_failed > 0 || n_passed == 0
}
