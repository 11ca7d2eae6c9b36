#!/bin/bash
# Installs what building graphcap needs on Debian 12, Debian 13 and their kin.
#
#     deploy/deps.sh          what building needs
#     deploy/deps.sh tests    and what the tests need
#     deploy/deps.sh pictures and the vips command, with which quickstart makes pictures
#     deploy/deps.sh run      only what the built programs need
#
# Asks for no more than is missing, says what it installs, and says nothing when all is there.
# Uses sudo where it is not run by root.
set -euo pipefail

usage()
{
    sed -n '2,/^set/{s/^# \{0,1\}//p}' "$0"
    exit "$1"
}

case ${1:-build} in
build | tests | pictures | run) what=${1:-build} ;;
-h | --help) usage 0 ;;
*) usage 2 >&2 ;;
esac

if ! command -v apt-get >/dev/null; then
    echo "deps.sh: this system has no apt; docs in CMakeLists.txt name the libraries (pkg-config)" >&2
    exit 1
fi

installed()
{
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

# The first of the names that is installed; else the first that apt can install; else the last, for
# apt to complain about by name.
first_of()
{
    local name
    for name in "$@"; do
        if installed "$name"; then echo "$name"; return; fi
    done
    for name in "$@"; do
        if apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [^(]'; then echo "$name"; return; fi
    done
    echo "$name"
}

# Those of the names that apt knows: parts that some releases have as packages of their own.
known_of()
{
    local name
    for name in "$@"; do
        if installed "$name" || apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [^(]'; then echo "$name"; fi
    done
}

list_packages()
{
    if [ "$what" = run ]; then
        # Library packages carry their ABI in their names; 13 renamed those with 64-bit time_t.
        echo libzmq5
        first_of libczmq4t64 libczmq4
        first_of libmsgpack-c2 libmsgpackc2
        first_of libvips42t64 libvips42
        first_of libsqlite3-0
        echo libsodium23 libyaml-0-2 libjansson4
        known_of libheif-plugin-aomenc libheif-plugin-x265
        return
    fi
    echo gcc libc6-dev cmake ninja-build pkg-config
    echo libzmq3-dev libczmq-dev libvips-dev libsqlite3-dev libsodium-dev libyaml-dev libjansson-dev
    # Debian 13 split the C library off and dropped the old name.
    first_of libmsgpack-c-dev libmsgpack-dev
    # Debian 13 reads AVIF and HEIC with what comes along; who writes them wants these.
    known_of libheif-plugin-aomenc libheif-plugin-x265
    if [ "$what" = pictures ]; then echo libvips-tools; fi
    if [ "$what" = tests ]; then
        echo check python3 libvips-tools jq sqlite3 clang
        # The fuzzing and sanitizer run-time is a package of its own from clang 14 on.
        local clang
        clang=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
        if [ -n "$clang" ]; then echo "libclang-rt-$clang-dev"; fi
    fi
}

missing_packages()
{
    local name
    for name in $(list_packages); do
        # pkgconf answers to the name pkg-config on newer systems.
        if [ "$name" = pkg-config ] && command -v pkg-config >/dev/null; then continue; fi
        installed "$name" || echo "$name"
    done
}

if [ -z "$(missing_packages)" ]; then exit 0; fi

as_root()
{
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# A fresh container has no package lists, and then candidates cannot be told either.
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 update >/dev/null ||
    echo "deps.sh: apt-get update failed; going on with the lists at hand" >&2
mapfile -t missing < <(missing_packages)
echo "deps.sh: installing ${missing[*]}"
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
    install --no-install-recommends "${missing[@]}" >/dev/null
