#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The purity of this tree's pure rooms, and both halves of the check shown failing on planted breaches.
# usage: test_purity.sh ROOT CC ARCHIVE...
# shellcheck disable=SC2317 # expect_pass and its like call the functions.
set -eu
root=$1 cc=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

# Every room that the table calls pure is built as one, and no other.
awk '!/^#/ && $2 == "pure" { n = split($1, part, "/"); print part[n] }' "$here/layers.txt" | sort >"$work/wanted"
for archive in "$@"; do
    basename "$archive" .a | sed 's/^libpure_//'
done | sort >"$work/built"
expect_pass purity_when_rooms_of_the_table diff "$work/wanted" "$work/built"
expect_pass purity_when_this_tree "$here/check_purity.sh" "$@"

# compile NAME SOURCE [OPTION...]: libNAME.a under $tree, the way a pure room is built.
compile() {
    name=$1
    plant "$name.c" "$2"
    shift 2
    "$cc" -std=c11 -O2 -fno-pie -I"$root" "$@" -c "$tree/$name.c" -o "$tree/$name.o" &&
        ar rcs "$tree/lib$name.a" "$tree/$name.o"
}

# refuse NAME PATTERN SOURCE: the link check refuses what the compiler let through.
refuse() {
    new_tree
    compile planted "$3"
    expect_refusal "$1" "$2" "$here/check_purity.sh" "$tree/libplanted.a"
}

new_tree
compile one 'int one(void); int one(void) { return 1; }'
compile two 'int one(void); int two(void); int two(void) { return one() + 1; }'
expect_pass purity_when_rooms_call_each_other "$here/check_purity.sh" "$tree/libone.a" "$tree/libtwo.a"
refuse purity_when_exp_is_called 'planted: calls exp' \
    'double exp(double); double f(double x); double f(double x) { return exp(x); }'
refuse purity_when_time_is_read 'planted: calls clock_gettime' \
    'int clock_gettime(int, void *); int f(void); int f(void) { return clock_gettime(0, 0); }'
refuse purity_when_memory_is_static 'planted: owns mutable static memory: n' \
    'static int n; int f(void); int f(void) { return ++n; }'

# compile_pure SOURCE: as compile, with the forced include.
compile_pure() {
    compile planted "$1" -include "$root/core/base/pure.h"
}

new_tree
expect_pass pure_h_when_nothing_is_wrong compile_pure 'int f(int x); int f(int x) { return x + 1; }'
expect_refusal pure_h_when_malloc_is_named 'poisoned.*malloc' \
    compile_pure 'void *f(void); void *f(void) { return malloc(1); }'
expect_refusal pure_h_when_exp_is_named 'poisoned.*exp' \
    compile_pure 'double f(double x); double f(double x) { return exp(x); }'
expect_refusal pure_h_when_time_h_is_included 'poisoned' compile_pure '#include <time.h>'

finish
