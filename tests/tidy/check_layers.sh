#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks every include of the tree at ROOT against layers.txt. Prints each breach as FILE:LINE: what is wrong.
# usage: check_layers.sh ROOT
set -eu
table=$(cd "$(dirname "$0")" && pwd)/layers.txt
cd "$1"
find . \( -path ./build -o -path ./.git \) -prune -o -name '*.[ch]' -print | sed 's,^\./,,' | LC_ALL=C sort |
    xargs grep -n '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"' /dev/null |
    awk -v table="$table" '
function folder(path) { sub("/?[^/]*$", "", path); return path }
function room_of(path,    room) {
    room = folder(path)
    return room ~ "^tests(/|$)" ? "tests" : room
}
function breach(text) { print text; n_breaches++ }
BEGIN {
    while ((getline line < table) > 0) {
        if (line ~ "^#" || line ~ "^[[:blank:]]*$") continue
        n = split(line, field, " ")
        room = field[1]
        doors[room] = field[3]
        for (i = 4; i <= n; i++) {
            if (field[i] != "-" && field[i] != "*" && !(field[i] in doors))
                breach("layers.txt: " room " lists " field[i] ", which has no line above it")
            may[room, field[i]] = 1
        }
    }
    close(table)
}
{
    split($0, part, ":")
    place = part[1] ":" part[2]
    split($0, quoted, "\"")
    target = quoted[2]
    from = room_of(part[1]); to = room_of(target)
    if (!(from in doors)) {
        breach(place ": folder " from " has no line in layers.txt")
    } else if (target ~ "(^|/)\\.\\.?/" || !(to in doors)) {
        breach(place ": \"" target "\" is not a path from the root into a room")
    } else if (from == to || (from, "*") in may) {
        next
    } else if (!((from, to) in may)) {
        breach(place ": " from " may not include " to)
    } else {
        door = target; sub(".*/", "", door)
        if (doors[to] != "*" && index("," doors[to] ",", "," door ",") == 0)
            breach(place ": \"" target "\" is private to " to)
    }
}
END { exit n_breaches > 0 }'
