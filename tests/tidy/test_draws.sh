#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The draws of this tree, and the check shown failing on planted statements.
# usage: test_draws.sh ROOT
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

expect_pass draws_when_this_tree "$here/check_draws.sh" "$root"

new_tree
plant sim/llm/a.c 'void f(void)' '{' '    a = stream_unit(&s); /* stream_unit(&s) is drawn' '    before stream_unit(&s). */' \
    '    b = stream_unit(&s);' '    if (stream_chance(&s, 0.5)) {' '        c = stream_unit(&s);' '    }' '}'
expect_pass draws_when_each_has_its_statement "$here/check_draws.sh" "$tree"
plant sim/llm/a.c 'void f(void)' '{' '    put(stream_below(&s, 4),' '        stream_below(&s, 4));' '}'
expect_refusal draws_when_two_are_arguments 'sim/llm/a.c:4: a second draw' "$here/check_draws.sh" "$tree"
plant sim/llm/a.c 'void f(void)' '{' '    d = (struct digest128){stream_u64(&s), stream_u64(&s)};' '}'
expect_refusal draws_when_two_initialise 'sim/llm/a.c:3: a second draw' "$here/check_draws.sh" "$tree"

finish
