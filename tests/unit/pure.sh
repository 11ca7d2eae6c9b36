#!/bin/bash
# The borders of the pure parts, checked on what was compiled.
#
#     pure.sh NM LIBRARY-FOLDER
#
# The archives of core, plan, agent and proto may use symbols of their own, those that pure.allow
# names, and nothing else: no file, socket, clock, thread, allocator or printf. Then no source may
# step around its include folders with "..". All breaches are told, not the first.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
nm=$1
lib=$2
status=0

complain()
{
    echo "pure: $1"
    status=1
}

symbols() # of the given kinds, of an archive, one a line
{
    "$nm" -g "$2" 2>/dev/null | awk -v kinds="$1" 'NF >= 2 && index(kinds, $(NF - 1)) { print $NF }' | sort -u
}

# pure.allow: a symbol a line; `@lib` is what that pure archive defines; `!pattern` takes away again,
# wherever it stands; # begins a comment.
allowed=$(mktemp)
trap 'rm -f "$allowed"' EXIT
denied=()
while read -r word _; do
    case $word in
    '' | '#'*) ;;
    '!'*) denied+=("${word#!}") ;;
    '@'*)
        archive=$lib/libgc_${word#@}.a
        if [ -f "$archive" ]; then symbols TDRBVW "$archive" >>"$allowed"; fi
        ;;
    *) echo "$word" >>"$allowed" ;;
    esac
done <"$here/pure.allow"

for part in core plan agent proto; do
    archive=$lib/libgc_$part.a
    if [ ! -f "$archive" ]; then
        complain "libgc_$part.a is missing"
        continue
    fi
    own=$(symbols TDRBVW "$archive")
    [ -n "$own" ] || complain "nm finds no symbol in libgc_$part.a" # else nothing would be complained of
    while read -r symbol; do
        [ -n "$symbol" ] || continue
        if grep -qxF -- "$symbol" <<<"$own"; then continue; fi
        ok=yes
        grep -qxF -- "$symbol" "$allowed" || ok=no
        for pattern in "${denied[@]}"; do
            # shellcheck disable=SC2053  # a pattern on purpose
            [[ $symbol == $pattern ]] && ok=no
        done
        [ $ok = yes ] || complain "libgc_$part.a uses $symbol"
    done < <(symbols Uw "$archive")
done

while read -r line; do
    complain "include past its border: ${line#"$source_dir"/}"
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"(\.|/|[^"]*/\.\./)' \
    --include='*.[ch]' --include='*.def' "$source_dir"/{common,proto,coordinator,worker,client,tests} 2>/dev/null)

exit $status
