#!/bin/sh
# must_fail.sh FILE COMPILE...: COMPILE must fail and say what FILE expects.
set -eu

file=$1
shift

expected() { sed -n "s|^[[:space:]]*// $1: *||p" "$file"; }

if [ -z "$(expected 'build error')$(expected 'first build error')" ]; then
    echo "$file: no line '// build error: <regex>'"
    exit 1
fi

# Compilers translate their messages.
if said=$(LC_ALL=C "$@" 2>&1); then
    echo "$file: compiles, but should not"
    exit 1
fi
first=$(printf '%s\n' "$said" | grep -m 1 'error:' || true)

missing=$(
    expected 'build error' | while IFS= read -r regex; do
        printf '%s\n' "$said" | grep -E -q -e "$regex" || echo "not said: $regex"
    done
    expected 'first build error' | while IFS= read -r regex; do
        printf '%s\n' "$first" | grep -E -q -e "$regex" || echo "not said first: $regex"
    done
)
if [ -n "$missing" ]; then
    printf '%s\n' "$file: the compiler fails, but with another message" "$missing" '' "$said"
    exit 1
fi
printf '%s\n' "$first"
