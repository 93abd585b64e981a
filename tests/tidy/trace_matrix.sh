#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The trace matrix: each requirement quoted as REQ in core, where it is met, and in tests, where it is shown. Fails when one
# lacks either side.
# usage: trace_matrix.sh ROOT
set -eu
cd "$1"

# quotes FOLDER: "REQUIREMENT FILE" for each quotation; a comment may quote several (REQ S27, S28).
quotes() {
    find "$1" -type f -name '*.c' -print | LC_ALL=C sort |
        xargs grep -oE 'REQ S[0-9]+[a-z]?(, S[0-9]+[a-z]?)*' /dev/null |
        awk -F: '{ n = split(substr($2, 5), id, ", "); for (i = 1; i <= n; i++) print id[i], $1 }' | uniq
}

{ quotes core | sed 's/^/met /'; quotes tests | sed 's/^/shown /'; } | sort -k2,2V -k1,1 -k3,3 -u |
    awk '
function lack(id) {
    if (met[id] == "") { print id ": lacks where it is met (no REQ " id " in core)"; n_lacking++ }
    if (shown[id] == "") { print id ": lacks where it is shown (no REQ " id " in tests)"; n_lacking++ }
}
{
    if (!($2 in seen)) order[++n] = $2
    seen[$2] = 1
    if ($1 == "met") met[$2] = met[$2] " " $3; else shown[$2] = shown[$2] " " $3
}
END {
    for (i = 1; i <= n; i++) print order[i] "  met in" met[order[i]] "; shown in" shown[order[i]]
    for (i = 1; i <= n; i++) lack(order[i])
    if (n == 0) { print "no requirement is quoted at all"; n_lacking = 1 }
    exit n_lacking > 0
}'
