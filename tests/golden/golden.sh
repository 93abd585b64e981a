#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# golden.sh STEWARD SCENARIOS ID: runs a scenario and compares its story with SCENARIOS/ID.trace.
# The trace begins with "# seed N"; without a trace the test fails, and UPDATE=1 writes it with seed 1.
# Exit status 77: the scenario needs recorded data that STEWARD_TRUTH_DIR does not offer.
set -u
export LC_ALL=C
steward=$1 scenarios=$2 id=$3
trace=$scenarios/$id.trace
update=${UPDATE:-0}

if [ ! -f "$trace" ] && [ "$update" != 1 ]; then
    echo "golden: $trace is missing: UPDATE=1 ctest -L golden writes it"
    exit 1
fi

seed=1
if [ -f "$trace" ]; then
    seed=$(sed -n '1s/^# seed \([0-9][0-9]*\)$/\1/p' "$trace")
    if [ -z "$seed" ]; then
        echo "golden: $trace: its first line is not '# seed N'"
        exit 1
    fi
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
set -- sim "$id" --seed "$seed" --trace --json
if grep -q '^recording: elec2' "$scenarios/$id.yaml"; then
    data=${STEWARD_TRUTH_DIR:-}/data
    if [ ! -f "$data/elec2_electricity.csv" ]; then
        echo "golden: $id: skipped: STEWARD_TRUTH_DIR has no data/elec2_electricity.csv"
        exit 77
    fi
    set -- "$@" --data-dir "$data"
fi

# With --json the story is on standard error and the result on standard output.
{
    echo "# seed $seed"
    "$steward" "$@" 2>&1 >"$folder/result"
    echo $? >"$folder/status"
} >"$folder/story"
status=$(cat "$folder/status")
if [ "$status" != 0 ]; then
    echo "golden: steward $* ended with exit status $status"
    tail -n 5 "$folder/story"
    exit 1
fi

if [ -f "$trace" ] && cmp -s "$trace" "$folder/story"; then
    exit 0
fi
if [ "$update" = 1 ]; then
    cp "$folder/story" "$trace"
    echo "golden: wrote $trace"
    exit 0
fi
echo "golden: $id tells another story (-: $trace, +: now); UPDATE=1 ctest -L golden takes the new one"
diff -u "$trace" "$folder/story" | head -n 60
exit 1
