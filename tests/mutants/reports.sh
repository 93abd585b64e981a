#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whether the judge reports the invariants when a layer is left out, and no violation at all when none is.
# usage: reports.sh STEWARD MUTANT MIND PERSONA INVARIANT...
set -eu
whole=$1 mutant=$2 mind=$3 persona=$4
shift 4
# shellcheck source=../tidy/lib.sh source-path=SCRIPTDIR
. "$(cd "$(dirname "$0")" && pwd)/../tidy/lib.sh"

# run PROGRAM: the campaign's result in $work/json.
run() {
    status=0
    "$1" sim mix:prior --runs 150 --seed 11 --mind "$mind" --llm "$persona" --json >"$work/json" || status=$?
}

name=$(basename "$mutant")
run "$whole"
if [ "$status" = 0 ] && grep -q '"violations": *0[,}]' "$work/json"; then
    passed "judge_when_no_layer_is_left_out"
else
    cat "$work/json"
    failed "judge_when_no_layer_is_left_out"
fi
run "$mutant"
for invariant in "$@"; do
    if [ "$status" = 1 ] && grep -q "\"invariant\": *\"$invariant\"" "$work/json"; then
        passed "judge_reports_${invariant}_when_$name"
    else
        echo "exit status $status; violations seen: $(grep -o '"invariant": *"[^"]*"' "$work/json" | sort | uniq -c | tr '\n' ' ')"
        failed "judge_reports_${invariant}_when_$name"
    fi
done
finish
