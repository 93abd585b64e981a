#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The comparison of fingerprints shown passing on a steady program and failing on one that looks at what must not matter.
# usage: test_compare.sh CC
set -eu
cc=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../tidy/lib.sh source-path=SCRIPTDIR
. "$here/../tidy/lib.sh"

# program NAME STATEMENT...: a stand-in in shell that sets $print and says it as the fingerprint.
program() {
    stand_in=$1
    shift
    # shellcheck disable=SC2016 # The stand-in expands it.
    plant "$stand_in" '#!/bin/sh' "$@" 'printf "{\"seed\":7,\"fingerprint\":\"%032x\",\"events\":1}\n" "$print"'
    chmod +x "$tree/$stand_in"
}

# refuse NAME PATTERN STATEMENT: the stand-in's fingerprint depends on something.
refuse() {
    program shaky "$3"
    expect_refusal "$1" "$2" "$here/compare.sh" mix:prior -- shaky="$tree/shaky"
}

# Not what is tested here: no locale is made.
LOCPATH=$work
export LOCPATH

new_tree
program steady 'print=7'
program other 'print=8'
expect_pass compare_when_nothing_matters "$here/compare.sh" mix:prior --runs 2 -- one="$tree/steady" two="$tree/steady"
expect_refusal compare_when_builds_differ 'FAILED.*sweep_when_two: as it is' \
    "$here/compare.sh" mix:prior -- one="$tree/steady" two="$tree/other"
refuse compare_when_jobs_matter 'shaky: two worker processes' 'case "$*" in *"--jobs 2"*) print=8 ;; *) print=7 ;; esac'
# shellcheck disable=SC2016 # As above.
refuse compare_when_time_zone_matters 'shaky: Kolkata' 'print=$(date -d @0 +%k)'
# shellcheck disable=SC2016 # As above.
refuse compare_when_environment_matters 'shaky: memory filled' 'print=$(env | wc -c | awk "{ print (\$1 > 3000) }")'
refuse compare_when_it_fails 'shaky: as it is' 'exit 1'

# What libm gives depends on the processor; where this one has FMA, masking it must show.
if grep -q ' fma .* avx2\| avx2 .* fma' /proc/cpuinfo; then
    plant libm.c '#include <math.h>' '#include <stdint.h>' '#include <stdio.h>' '#include <string.h>' \
        'int main(void)' '{' \
        '    uint64_t sum = 0, bits;' \
        '    for (int i = 1; i < 100000; i++) {' \
        '        double y = exp(i * 1e-4);' \
        '        memcpy(&bits, &y, 8);' \
        '        sum = sum * 31 + bits;' \
        '    }' \
        '    printf("{\"fingerprint\":\"%032llx\"}\n", (unsigned long long)sum);' '}'
    "$cc" -O2 -fno-builtin "$tree/libm.c" -o "$tree/libm" -lm
    expect_refusal compare_when_libm_is_used 'libm: AVX2 and FMA masked' "$here/compare.sh" mix:prior -- libm="$tree/libm"
else
    skipped compare_when_libm_is_used 'this processor has no FMA to mask'
fi

finish
