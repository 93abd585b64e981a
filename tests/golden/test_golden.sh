#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_golden.sh GOLDEN: the golden runner fails where it must, on a program that tells stories to order.
set -u
golden=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/scenarios"
cat >"$folder/steward" <<'EOF'
#!/bin/sh
echo "{}"
echo "$*" >&2
cat "$(dirname "$0")/story" >&2
exit "$(cat "$(dirname "$0")/status")"
EOF
chmod +x "$folder/steward"
echo "title: test" >"$folder/scenarios/T01.yaml"
echo "recording: elec2" >"$folder/scenarios/R01.yaml"
echo "[00:00:01.000] monitor > something" >"$folder/story"
echo 0 >"$folder/status"
failures=0

# expect STATUS WHAT [ID]: runs the golden test.
expect() {
    UPDATE=${update:-0} STEWARD_TRUTH_DIR=$folder sh "$golden" "$folder/steward" "$folder/scenarios" "${3:-T01}" \
        >"$folder/output" 2>&1
    status=$?
    if [ "$status" != "$1" ]; then
        echo "runner: $2: exit status $status, not $1"
        cat "$folder/output"
        failures=$((failures + 1))
    fi
}

expect 1 "a scenario without a trace"
update=1 expect 0 "writing it"
[ "$(head -n 1 "$folder/scenarios/T01.trace")" = "# seed 1" ] || failures=$((failures + 1))
expect 0 "the same story"
echo "[00:00:01.000] monitor > something else" >"$folder/story"
expect 1 "another story"
grep -q '^+.*something else' "$folder/output" || failures=$((failures + 1))
update=1 expect 0 "taking it"
expect 0 "the story taken"
sed -i '1s/.*/# seed 33/' "$folder/scenarios/T01.trace"
expect 1 "another seed tells of another command"
update=1 expect 0 "taking the seed"
grep -q -e '--seed 33 ' "$folder/scenarios/T01.trace" || failures=$((failures + 1))
sed -i '1d' "$folder/scenarios/T01.trace"
expect 1 "a trace without its seed"
echo "# seed 1" >"$folder/scenarios/T01.trace"
echo 1 >"$folder/status"
update=1 expect 1 "a run that broke an invariant"
echo 0 >"$folder/status"
update=1 expect 77 "recorded data that is not there" R01
mkdir "$folder/data"
: >"$folder/data/elec2_electricity.csv"
update=1 expect 0 "recorded data that is there" R01
grep -q -e "--data-dir $folder/data" "$folder/scenarios/R01.trace" || failures=$((failures + 1))

[ "$failures" = 0 ] || echo "runner: $failures failures"
[ "$failures" = 0 ]
