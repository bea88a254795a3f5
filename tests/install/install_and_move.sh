#!/bin/sh
# install_and_move.sh CMAKE BUILD PREFIX: install BUILD and move the installed tree to PREFIX.
set -eu
cmake=$1 build=$2 prefix=$3

rm -rf "$prefix" "$prefix.first"
"$cmake" --install "$build" --prefix "$prefix.first"
mv "$prefix.first" "$prefix"
