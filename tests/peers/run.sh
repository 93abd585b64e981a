#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a script of this folder in a Python that has the packages it compares with; exits with 77, and says why, when they are not to be had.
# usage: run.sh VENV PACKAGE[,PACKAGE]... SCRIPT [ARGUMENT]...    VENV: folder of the virtual environment, made when missing
set -euo pipefail
venv=$1
wanted=$2
packages=${wanted//,/ }
script=$3
shift 3

skip() {
    echo "skipped: $1"
    exit 77
}

export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
stamp=$venv/.has-$wanted
if ! [ -e "$stamp" ]; then
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv" >"$venv.log" 2>&1 || skip "python3 makes no virtual environment; all of it is in $venv.log"
    # shellcheck disable=SC2086
    "$venv/bin/pip" install --retries 1 --timeout 30 $packages >>"$venv.log" 2>&1 ||
        skip "$packages cannot be installed from PyPI; all of it is in $venv.log"
    touch "$stamp"
fi
exec "$venv/bin/python" "$script" "$@"
