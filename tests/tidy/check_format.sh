#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks that every C file is laid out as .clang-format says. To lay all out anew: check_format.sh ROOT -i
# usage: check_format.sh ROOT [-i]
set -eu
cd "$1"
if [ "${2:-}" = -i ]; then
    set -- -i
else
    set -- --dry-run -Werror
fi
find . \( -path ./build -o -path ./.git \) -prune -o -name '*.[ch]' -print0 | xargs -0 -n 16 -P 2 clang-format-14 --style=file "$@"
