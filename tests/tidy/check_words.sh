#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the text of every file: the licence line, left-overs, functions that are not used here, one title a page.
# Prints each breach as FILE:LINE: what is wrong.
# usage: check_words.sh ROOT
set -eu
cd "$1"

# All files of the tree, without what is built.
files() {
    find . \( -path ./build -o -path ./.git \) -prune -o -type f -print | sed 's,^\./,,' | LC_ALL=C sort
}

banned='strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca|gmtime|localtime|setlocale|rand|srand'

files | while IFS= read -r file; do
    case $file in
    tests/tidy/* | LICENSE | *.csv | tests/fuzz/corpus/*) continue ;;
    esac
    [ -f "$file" ] || continue
    awk -v file="$file" -v banned="(^|[^A-Za-z0-9_])($banned)[[:blank:]]*[(]" '
    function breach(text) { print file ":" NR ": " text }
    file ~ /\.[ch]$/ && NR == 1 && $0 != "/* SPDX-License-Identifier: Apache-2.0 */" { breach("no licence line") }
    file ~ /\.[ch]$/ && NR == 2 && $0 !~ /^\/\* [A-Z"`a-z0-9]/ { breach("does not begin with what the file owns") }
    file ~ /\.[ch]$/ && $0 ~ banned && $0 !~ /^#pragma GCC poison/ { breach("a function that is not used here") }
    /(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)/ { breach("a left-over") }
    file ~ /\.md$/ && /^```/ { is_code = !is_code }
    file ~ /\.md$/ && /^# / && !is_code && ++n_titles == 2 { breach("a second title") }
    /[[:blank:]]$/ { breach("blank at the end of the line") }
    END { if (file ~ /\.md$/ && n_titles == 0) breach("no title") }
    ' "$file"
done | awk '{ print; n_breaches++ } END { exit n_breaches > 0 }'
