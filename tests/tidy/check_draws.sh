#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks that no statement of core or sim draws twice from a random stream: C leaves the order of arguments and of initialisers open, so
# two compilers would draw in two orders. Prints each breach as FILE:LINE: what is wrong.
# usage: check_draws.sh ROOT
set -eu
cd "$1"
# shellcheck disable=SC2016 # awk expands it.
find core sim -name '*.[ch]' 2>/dev/null | LC_ALL=C sort | xargs awk '
function reset() { n_draws = 0 }
FNR == 1 { reset(); is_comment = 0 }
{
    text = $0
    gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", text)
    if (is_comment && sub(/^.*\*\//, "", text)) is_comment = 0
    if (is_comment) next
    if (sub(/\/\*.*$/, "", text)) is_comment = 1
    while (match(text, /[;{}]|stream_(u64|below|unit|between|normal|exponential|lognormal|chance|binomial|poisson)[(]/)) {
        found = substr(text, RSTART, 1)
        text = substr(text, RSTART + RLENGTH)
        # An initialiser in braces is no statement of its own.
        if (found == ";" || (found == "{" && text ~ /^[[:blank:]]*$/) || (found == "}" && text ~ /^[[:blank:]]*$/)) reset()
        else if (found == "s" && text !~ /^struct / && ++n_draws == 2) { print FILENAME ":" FNR ": a second draw in one statement"; n_breaches++ }
    }
}
END { exit n_breaches > 0 }'
