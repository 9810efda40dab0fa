#!/usr/bin/env bash
# Installs what building and running need on Debian or Ubuntu, and with --tests what scripts/test.sh needs besides; does and
# says nothing when all of it is there. Rust is checked, not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Rust: cargo and rustc, at least as new as Cargo.toml asks for.
needed=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
for tool in cargo rustc; do
    command -v "$tool" >/dev/null ||
        fail "$tool is missing. Install Rust $needed or newer from https://rustup.rs, open a new shell and start again."
    version=$("$tool" --version)
    found=$(cut -d ' ' -f 2 <<<"$version")
    oldest=$(printf '%s\n' "$needed" "${found%%-*}" | sort --version-sort | head -n 1)
    [[ $oldest == "$needed" ]] || fail "$tool $found is too old, $needed or newer is needed. Try: rustup update stable"
done

# A C compiler and linker, the MPI library with its launcher, HDF5, libclang (reads the headers of MPI), and Python for the plot.
packages=(build-essential pkg-config libopenmpi-dev openmpi-bin libhdf5-dev libclang-dev python3 python3-venv)
# A second MPI library, SLURM for its job scripts, valgrind to count instructions, and a check of the shell scripts.
[[ ${1-} != --tests ]] || packages+=(mpich libmpich-dev slurm-wlm munge valgrind shellcheck)
command -v dpkg-query >/dev/null ||
    fail "this is not a Debian system. Install the equivalents of: ${packages[*]}; then use cargo directly (README.md)."
missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || fail "missing packages: ${missing[*]}. Ask your administrator, or run this as root."
    as_root=(sudo)
fi
printf 'installing %s\n' "${missing[*]}"
"${as_root[@]}" apt-get update --quiet
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
