#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The closing line of ./scripts/test: every kind of result is counted, a failure is never lost.
# usage: test_count.sh ROOT
# shellcheck disable=SC2317 # expect_pass and its like call the functions.
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

# count NAME STATUS LINE...: what the counter says of one executable's output. It fails when a test failed.
count() {
    case_name=$1 case_status=$2
    shift 2
    new_tree
    {
        echo "<testcase name=\"$case_name\" classname=\"$case_name\" time=\"0.1\" status=\"$case_status\">"
        [ "$case_status" != notrun ] || echo '<skipped message="SKIP_RETURN_CODE=77"/>'
        printf '<system-out>'
        printf '%s\n' "$@"
        echo '</system-out>'
        echo '</testcase>'
    } >"$tree/junit.xml"
    awk -f "$root/scripts/count.awk" "$tree/junit.xml"
}

# says NAME WANTED COMMAND...: the command's last line, whatever its exit status.
says() {
    name=$1 wanted=$2
    shift 2
    "$@" >"$work/said" 2>&1 || true
    if [ "$(tail -n 1 "$work/said")" = "$wanted" ]; then
        passed "$name"
    else
        cat "$work/said"
        failed "$name"
    fi
}

says count_when_two_pass '2 passed, 0 failed, 0 skipped' \
    count a run '[==========] Running 2 test(s).' '[       OK ] x' '[       OK ] y' '[==========] 2 test(s) run.'
says count_when_it_reports_nothing '1 passed, 0 failed, 0 skipped' count a run 'fine'
says count_when_one_is_skipped '1 passed, 0 failed, 1 skipped' \
    count a run '[       OK ] x' 'STEWARD_TRUTH_DIR is not set' '[  SKIPPED ] y' '[==========] 2 test(s) run.' \
    '[  SKIPPED ] 1 test(s), listed below:' '[  SKIPPED ] y'
says count_when_one_fails '1 passed, 1 failed, 0 skipped' \
    count a fail '[       OK ] x' '[  FAILED  ] y' '[==========] 2 test(s) run.' \
    '[  FAILED  ] 1 test(s), listed below:' '[  FAILED  ] y'
says count_when_it_dies '1 passed, 1 failed, 0 skipped' count a fail '[       OK ] x' 'ASSERT'
says count_when_left_out_whole '0 passed, 0 failed, 1 skipped' count a notrun 'clang-14 is not installed'

says count_when_unittest '3 passed, 2 failed, 1 skipped' \
    count a fail 'Ran 6 tests in 0.1s' '' 'FAILED (failures=1, errors=1, skipped=1)'
says count_when_unittest_is_fine '6 passed, 0 failed, 0 skipped' count a run '......' 'Ran 6 tests in 0.1s' '' 'OK'

# count_log LINE...: what the counter says of a script's log.
count_log() {
    new_tree
    printf '%s\n' "$@" >"$tree/live.log"
    awk -f "$root/scripts/count.awk" "$tree/live.log"
}
says count_when_log '4 passed, 1 failed, 0 skipped' count_log '[  1 s] passed x' '3 passed, 0 failed, 0 skipped' '4 passed, 1 failed, 0 skipped'
says count_when_log_stops_early '0 passed, 1 failed, 0 skipped' count_log '[  1 s] passed x'
says count_when_log_skips '4 passed, 0 failed, 1 skipped' count_log '[  1 s] skipped it takes long' '4 passed, 0 failed, 1 skipped'

# log_tells_why LINE: whether the counter repeats the reason that a log gave.
log_tells_why() {
    count_log "$1" '0 passed, 0 failed, 2 skipped' | grep -qx 'skipped, 2: it takes long'
}
expect_pass count_when_log_skips_says_why log_tells_why '[  1 s] skipped it takes long'
expect_pass count_when_log_skips_whole_says_why log_tells_why 'skipped: it takes long'

# tells_why LINE: whether the counter repeats the reason.
tells_why() {
    count a notrun "$1" | grep -qx "skipped, 1: $1"
}

expect_pass count_when_skipped_says_why tells_why 'clang-14 is not installed'
expect_refusal count_when_failed_exits_non_zero '1 failed' count a fail '[  FAILED  ] y'
expect_refusal count_when_nothing_ran '0 passed' count a disabled ''

finish
