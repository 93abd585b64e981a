#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The page in a real browser against real servers; ends with the line `N passed, N failed, N skipped`. Screenshots: build/page/shots.
# usage: run.sh [--keep]    STEWARD=PROGRAM tests another binary
set -euo pipefail
cd "$(dirname "$0")/../../.."

skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, $(grep -c "await step('" tests/live/page/page_test.mjs) skipped"
    exit 0
}

status=0
steward=$(scripts/live-setup) || status=$?
if [ "$status" = 69 ]; then
    skip 'the servers that live tests need are not to be had here (see above)'
elif [ "$status" != 0 ]; then
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
fi
command -v node >/dev/null && command -v npm >/dev/null || skip 'there is no Node.js with npm'
if ! [ -x /usr/bin/chromium ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root='sudo -n'
    echo 'installing chromium' >&2
    mkdir -p build
    { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } \
        </dev/null >build/chromium.log 2>&1 || skip 'Chromium cannot be installed from Debian; all of it is in build/chromium.log'
fi
mkdir -p build/page
if ! [ -d build/page/node_modules/playwright-core ]; then
    npm install --prefix build/page --no-audit --no-fund playwright-core >build/page.log 2>&1 ||
        skip 'playwright-core cannot be installed from npm; all of it is in build/page.log'
fi
export PYTHONPYCACHEPREFIX=$PWD/build/pycache
exec python3 tests/live/page/page_test.py "$steward" "$PWD/build/venv/bin/mlflow" "$PWD/build/page" "$@"
