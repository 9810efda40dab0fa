#!/usr/bin/env bash
# Python with pandas, pyarrow and matplotlib in versions that are known to work (requirements.txt), kept in target/venv.
#
#   scripts/python.sh scripts/plot.py out/fiducial
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$scripts/../target/venv
# The copy of the list is written last: it stands for a complete installation.
if ! cmp --silent "$scripts/requirements.txt" "$venv/requirements.txt"; then
    echo "installing the Python packages of scripts/requirements.txt" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$scripts/requirements.txt" >&2
    cp "$scripts/requirements.txt" "$venv/requirements.txt"
fi
exec "$venv/bin/python" "$@"
