#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs each program under every condition that must not matter and compares the fingerprints. Prints a table and one result line a
# condition; fails when any fingerprint differs from the first one.
# usage: compare.sh [--once] ARGUMENT... -- NAME=PROGRAM... (arguments of `sim`; --once: each program as it is, no other condition)
set -eu

# shellcheck source=../tidy/lib.sh source-path=SCRIPTDIR
. "$(cd "$(dirname "$0")" && pwd)/../tidy/lib.sh"

once=
if [ "$1" = --once ]; then
    once=yes
    shift
fi
arguments=
while [ "$1" != -- ]; do
    arguments="$arguments $1"
    shift
done
shift

# A locale with a decimal comma, so that a parser or printer that asks the locale is found out.
if [ -z "${LOCPATH:-}" ]; then
    LOCPATH=$work
    export LOCPATH
    localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8" 2>/dev/null || unset LOCPATH
fi

first=
# compare NAME CONDITION COMMAND...: runs the command and compares its fingerprint.
compare() {
    build=$1 condition=$2
    shift 2
    "$@" >"$work/json" 2>"$work/said" && status=0 || status=$?
    print=$(sed -n 's/.*"fingerprint"[[:blank:]]*:[[:blank:]]*"\([0-9a-f]\{32\}\)".*/\1/p' "$work/json" | head -n 1)
    [ -n "$print" ] || print="none (exit status $status)"
    [ -n "$first" ] || first=$print
    printf '%-12s  %-34s  %s\n' "$build" "$condition" "$print"
    if [ "$print" = "$first" ] && [ "$print" != "none (exit status $status)" ]; then
        n_same=$((n_same + 1))
    else
        cat "$work/said"
        failed "sweep_when_$build: $condition differs from the first line"
    fi
}

echo "steward sim$arguments --json"
printf '%-12s  %-34s  %s\n' build condition fingerprint
for pair in "$@"; do
    build=${pair%%=*}
    program=${pair#*=}
    n_same=0 n_wanted=1
    set -- "$program" sim
    # shellcheck disable=SC2086
    set -- "$@" $arguments --json
    compare "$build" 'as it is' "$@"
    if [ -n "$once" ]; then
        [ "$n_same" != 1 ] || passed "sweep_when_$build"
        continue
    fi
    n_wanted=6
    compare "$build" 'one worker process' "$@" --jobs 1
    compare "$build" 'two worker processes' "$@" --jobs 2
    compare "$build" 'AVX2 and FMA masked' env GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA "$@"
    compare "$build" 'Kolkata time, German numbers' env TZ=Asia/Kolkata LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 "$@"
    compare "$build" 'memory filled, large environment' \
        env MALLOC_PERTURB_=165 "STEWARD_PADDING=$(printf '%04000d' 0)" "$@"
    if setarch -R true 2>/dev/null; then
        n_wanted=7
        compare "$build" 'addresses not randomised' setarch -R "$@"
    else
        skipped "sweep_when_$build" 'this system does not permit setarch -R'
    fi
    [ "$n_same" != "$n_wanted" ] || passed "sweep_when_$build"
done
finish
