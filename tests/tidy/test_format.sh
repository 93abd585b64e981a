#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The layout of this tree, and the check shown failing on a planted file.
# usage: test_format.sh ROOT
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

if ! command -v clang-format-14 >/dev/null; then
    skipped format 'clang-format-14 is not installed'
    exit 77
fi

expect_pass format_when_this_tree "$here/check_format.sh" "$root"

new_tree
cp "$root/.clang-format" "$tree"
plant core/a.c 'int f(int *x)' '{' '    *x += 1;' '    return *x;' '}'
expect_pass format_when_laid_out "$here/check_format.sh" "$tree"
plant core/a.c 'int f(int* x) {' '  *x += 1;' '    return *x; }'
expect_refusal format_when_not_laid_out 'core/a.c:1:.*clang-format-violations' "$here/check_format.sh" "$tree"

finish
