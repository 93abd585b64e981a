#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The trace matrix of this tree, and it shown failing when either side is missing.
# usage: test_trace_matrix.sh ROOT
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

expect_pass matrix_when_this_tree "$here/trace_matrix.sh" "$root"

new_tree
plant core/warden/a.c '/* REQ S06: no change inside a freeze window. */' '/* REQ S27, S28 */'
plant tests/unit/a.c '/* REQ S06, S27 */' '/* REQ S28: audit complete. */'
expect_pass matrix_when_both_sides "$here/trace_matrix.sh" "$tree"
plant tests/unit/a.c '/* REQ S06, S27 */'
expect_refusal matrix_when_not_shown 'S28: lacks where it is shown' "$here/trace_matrix.sh" "$tree"
plant tests/unit/a.c '/* REQ S06, S27, S28, S99 */'
expect_refusal matrix_when_not_met 'S99: lacks where it is met' "$here/trace_matrix.sh" "$tree"

finish
