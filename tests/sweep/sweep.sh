#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same fingerprint from every compiler and optimisation, on this tree: builds steward anew for each and compares.
# usage: sweep.sh ROOT FOLDER (for the builds)
set -eu
root=$1 folder=$2
here=$(cd "$(dirname "$0")" && pwd)

# build NAME COMPILER FLAGS
build() {
    set -- "$1" "$2" "$3" "$folder/$1"
    mkdir -p "$4"
    if ! { cmake -S "$root" -B "$4" -G Ninja -DCMAKE_C_COMPILER="$2" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS_RELEASE="$3" -DSTEWARD_TESTS=OFF -DSTEWARD_LIVE=OFF ${launcher:+"$launcher"} && cmake --build "$4" --target steward; } >"$4/build.log" 2>&1; then
        tail -n 40 "$4/build.log"
        echo "[  FAILED  ] sweep_when_$1: the build failed"
        exit 1
    fi
}

launcher=
if command -v ccache >/dev/null; then
    launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
fi
build gcc-O0 gcc -O0
build gcc-O3 gcc -O3
set -- gcc-O0="$folder/gcc-O0/steward" gcc-O3="$folder/gcc-O3/steward"
if command -v clang-14 >/dev/null; then
    build clang-O2 clang-14 -O2
    set -- "$@" clang-O2="$folder/clang-O2/steward"
else
    echo '[  SKIPPED ] sweep_when_clang-O2: clang-14 is not installed'
fi
status=0
"$here/compare.sh" mix:prior --runs 200 --seed 7 -- "$@" || status=1

# What the default leaves out: other arms, minds and personas, and the learner of a recording.
"$here/compare.sh" --once P16-activation --arm all --seed 3 -- "$@" || status=1
"$here/compare.sh" --once mix:prior --runs 60 --seed 11 --arm all --mind saboteur --llm malformed -- "$@" || status=1
"$here/compare.sh" --once mix:prior --runs 60 --seed 12 --mind act_always --llm injected -- "$@" || status=1
exit $status
