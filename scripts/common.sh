# shellcheck shell=bash
# What the scripts share: source it first. It goes to the top of the repository.
set -euo pipefail

# shellcheck disable=SC2034  # for the scripts
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Open MPI starts more ranks than cores, and as root, only when told so; root is the usual user of a container.
export OMPI_MCA_rmaps_base_oversubscribe=1
if [[ $(id -u) == 0 ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# The first Clang that can compile <ranges> of libstdc++ 12.
find_clang() {
    local version
    for version in 16 17 18 19 20 21; do
        if command -v "clang++-$version"; then return; fi
    done
    return 1
}
