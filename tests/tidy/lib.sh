# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the shell tests share: one result line a check, in the words of cmocka, and a temporary folder in $work.
# Source it with set -eu in force; end the script with `finish`.

n_failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

passed() {
    echo "[       OK ] $1"
}

failed() {
    echo "[  FAILED  ] $1"
    n_failed=$((n_failed + 1))
}

skipped() { # NAME REASON
    echo "[  SKIPPED ] $1: $2"
}

# expect_pass NAME COMMAND...: the command succeeds.
expect_pass() {
    check_name=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed "$check_name"
    else
        cat "$work/said"
        failed "$check_name"
    fi
}

# expect_refusal NAME PATTERN COMMAND...: the command fails and says what matches PATTERN.
expect_refusal() {
    check_name=$1 check_pattern=$2
    shift 2
    if "$@" >"$work/said" 2>&1; then
        echo "succeeded, but should have refused: $*"
        failed "$check_name"
    elif grep -Eq -e "$check_pattern" "$work/said"; then
        passed "$check_name"
    else
        echo "refused, but did not say '$check_pattern':"
        cat "$work/said"
        failed "$check_name"
    fi
}

# plant FILE LINE...: writes a file of those lines under $tree.
plant() {
    planted=$tree/$1
    shift
    mkdir -p "$(dirname "$planted")"
    printf '%s\n' "$@" >"$planted"
}

# new_tree: an empty folder in $tree.
new_tree() {
    tree=$(mktemp -d "$work/tree.XXXXXX")
}

finish() {
    exit $((n_failed > 0))
}
