#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A scenario that no suite lists fails configuration: the scenarios of this tree pass, planted ones do not.
# usage: test_scenarios.sh ROOT CMAKE
set -eu
root=$(cd "$1" && pwd) cmake=$2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

# A project that does nothing but the check, on a copy of the scenarios.
new_tree
cp -r "$root/scenarios" "$tree"
plant CMakeLists.txt 'cmake_minimum_required(VERSION 3.25)' 'project(planted NONE)' \
    "include($root/cmake/scenarios.cmake)" "steward_check_scenarios($tree/scenarios)"

expect_pass scenarios_when_this_tree "$cmake" -G Ninja -S "$tree" -B "$tree/build"
cp "$tree/scenarios/M01.yaml" "$tree/scenarios/M99.yaml"
expect_refusal scenarios_when_one_is_not_listed 'M99.yaml: no suite' "$cmake" -G Ninja -S "$tree" -B "$tree/build"
rm "$tree/scenarios/M99.yaml" "$tree/scenarios/M01.yaml"
expect_refusal scenarios_when_a_listed_one_is_missing 'lists M01, but' "$cmake" -G Ninja -S "$tree" -B "$tree/build"

finish
