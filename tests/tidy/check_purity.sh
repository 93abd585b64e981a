#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves on the archives of the pure rooms that they call nothing of the host but what is listed here, and that they own no memory
# that outlives a call. Prints each breach as ROOM: what is wrong.
# usage: check_purity.sh ARCHIVE... (libROOM.a)
set -eu

# Everything that pure code may ask of the host. A compiler may put strlen in the place of a loop.
allowed='memcpy memmove memset memcmp strlen sqrt steward_bug XXH3_.* XXH128_.*'

pattern=$(echo "$allowed" | sed 's/ /|/g')
for archive in "$@"; do
    room=$(basename "$archive" .a | sed 's/^lib//')
    nm "$archive" | awk -v room="$room" 'NF >= 2 { print room, $(NF - 1), $NF }'
done | awk -v pattern="^($pattern)$" '
{ kind[NR] = $2; symbol[NR] = $3; room[NR] = $1 }
$2 ~ /^[TDBRVW]$/ { is_ours[$3] = 1 }
END {
    for (i = 1; i <= NR; i++) {
        said = ""
        if (kind[i] ~ /^[Uwv]$/ && !(symbol[i] in is_ours) && symbol[i] !~ pattern)
            said = "calls " symbol[i]
        else if (kind[i] ~ /^[DdBbCGgSs]$/)
            said = "owns mutable static memory: " symbol[i]
        if (said != "" && !(room[i] said in told)) {
            told[room[i] said] = 1
            print room[i] ": " said
            n_breaches++
        }
    }
    exit n_breaches > 0
}'
