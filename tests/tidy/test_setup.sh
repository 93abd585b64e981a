#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What ./scripts/setup does where it cannot install: one line that says so. Stand-ins take the place of dpkg-query, id, sudo and apt-get.
# usage: test_setup.sh ROOT
# shellcheck disable=SC2317 # expect_pass and its like call the functions.
set -eu
root=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$here/lib.sh"

# machine UID STATUS APT: a folder of commands of a machine where the user is UID, packages are STATUS and apt-get ends with APT.
machine() {
    new_tree
    for command in sh tr tail mktemp rm env cat; do
        ln -s "$(command -v $command)" "$tree/$command"
    done
    plant id '#!/bin/sh' "echo $1"
    plant dpkg-query '#!/bin/sh' "printf '%s' '$2'"
    plant apt-get '#!/bin/sh' 'echo "E: no network"' "exit $3"
    chmod +x "$tree/id" "$tree/dpkg-query" "$tree/apt-get"
}

# setup PART: as on that machine.
setup() {
    PATH=$tree "$tree/sh" "$root/scripts/setup" "$1"
}

machine 0 installed 1
expect_pass setup_when_all_is_there setup build
machine 0 '' 0
expect_pass setup_when_root_installs setup test
machine 0 '' 100
expect_refusal setup_when_apt_fails 'setup: apt-get could not install: gcc' setup build
machine 1000 '' 0
expect_refusal setup_when_neither_root_nor_sudo 'setup: neither root nor sudo' setup build
machine 0 installed 0
rm "$tree/dpkg-query"
expect_refusal setup_when_not_debian 'setup: this system is not Debian' setup build
expect_refusal setup_when_misused 'usage: setup' setup nonsense

finish
