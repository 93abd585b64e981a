#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The text of this tree, and each check shown failing on a planted file.
# usage: test_words.sh ROOT
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"
licence='/* SPDX-License-Identifier: Apache-2.0 */'

expect_pass words_when_this_tree "$here/check_words.sh" "$root"

new_tree
plant core/a.c "$licence" '/* Owns a number. */' 'int a = 1;'
plant docs/A.md '# Title' '' '```sh' '# a comment' '```'
expect_pass words_when_nothing_is_wrong "$here/check_words.sh" "$tree"

# refuse NAME PATTERN FILE LINE...: one planted file.
refuse() {
    name=$1 pattern=$2
    shift 2
    new_tree
    plant "$@"
    expect_refusal "$name" "$pattern" "$here/check_words.sh" "$tree"
}

refuse words_when_no_licence 'core/a.c:1: no licence line' core/a.c '/* Owns a number. */' 'int a = 1;'
refuse words_when_no_sentence 'core/a.c:2: does not begin with' core/a.c "$licence" 'int a = 1;'
refuse words_when_todo 'core/a.c:3: a left-over' core/a.c "$licence" '/* Owns a number. */' 'int a = 1; /* TODO: two */'
refuse words_when_fixme_in_a_page 'docs/A.md:2: a left-over' docs/A.md '# Title' 'FIXME'
refuse words_when_strcpy 'core/a.c:3: a function that is not used here' core/a.c "$licence" '/* Owns a copy. */' \
    'void f(char *a, char *b) { strcpy(a, b); }'
refuse words_when_two_titles 'docs/A.md:2: a second title' docs/A.md '# Title' '# Another'
refuse words_when_no_title 'docs/A.md:1: no title' docs/A.md 'Text.'
refuse words_when_blank_at_the_end 'README.md:1: blank at the end' README.md '# Title '

finish
