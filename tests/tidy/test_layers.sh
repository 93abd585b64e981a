#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The layering of this tree, and the checker shown failing on planted breaches.
# usage: test_layers.sh ROOT
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

expect_pass layers_when_this_tree "$here/check_layers.sh" "$root"

new_tree
plant core/warden/warden.c '#include "core/warden/warden.h"' '#include "core/warden/layers.h"' \
    '#include "core/base/text.h"'
plant tests/unit/warden/test_warden.c '#include "core/warden/layers.h"'
expect_pass layers_when_doors_are_used "$here/check_layers.sh" "$tree"

# refuse NAME PATTERN FILE INCLUDE: one file with one include.
refuse() {
    new_tree
    plant "$3" '/* A file. */' "#include $4"
    expect_refusal "$1" "$2" "$here/check_layers.sh" "$tree"
}

refuse layers_when_warden_includes_mind 'core/warden/a.c:2: core/warden may not include core/mind' \
    core/warden/a.c '"core/mind/mind.h"'
refuse layers_when_mind_includes_warden 'core/mind may not include core/warden' \
    core/mind/a.c '"core/warden/warden.h"'
refuse layers_when_judge_includes_warden 'sim/judge may not include core/warden' \
    sim/judge/a.c '"core/warden/warden.h"'
refuse layers_when_judge_includes_formats 'sim/judge may not include core/formats' \
    sim/judge/a.h '"core/formats/codec.h"'
refuse layers_when_worlds_meet 'replay may not include sim/campaign' \
    replay/a.c '"sim/campaign/campaign.h"'
refuse layers_when_base_looks_up 'core/base may not include core/types' \
    core/base/a.c '"core/types/event.h"'
refuse layers_when_not_the_door '"core/warden/layers.h" is private to core/warden' \
    core/steward.c '"core/warden/layers.h"'
refuse layers_when_not_from_the_root '"event.h" is not a path from the root' \
    core/types/a.c '"event.h"'
refuse layers_when_through_dots 'is not a path from the root' \
    core/types/a.c '"../base/text.h"'
refuse layers_when_room_is_unknown 'folder core/clever has no line' \
    core/clever/a.c '"core/base/text.h"'

finish
