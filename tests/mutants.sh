#!/usr/bin/env bash
# Breaks the engine on purpose, one promise at a time, and expects the simulator to find each out.
#
#   tests/mutants.sh [name of a patch in tests/mutants …]
#
# Each patch is applied to a worktree of its own that is deleted at the end; what is built there is kept in
# target/mutants for the next time. A patch that doesn't apply any more is to be made anew: it fails too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'git worktree remove --force "$folder/tree" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
git worktree add --quiet --detach "$folder/tree" HEAD
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/mutants

simulate() {
    (cd "$folder/tree" && cargo test --quiet -p flow-testkit --test simulate -- "$1" >"$folder/log" 2>&1)
}

if [[ $# -gt 0 ]]; then names=("$@"); else names=($(cd tests/mutants && ls -- *.patch | sed 's/\.patch$//')); fi
survivors=0
for name in "${names[@]}"; do
    patch=$PWD/tests/mutants/$name.patch
    if ! git -C "$folder/tree" apply -C1 "$patch"; then
        echo "$name: the patch doesn't apply"
        survivors=$((survivors + 1))
        continue
    fi
    found=""
    for test in random_disturbances two_thousand_random_flows_cut_at_every_commit; do
        simulate "$test" && continue
        found=$(grep -m 1 -o '^seed [0-9]*, [^ ]*: .*' "$folder/log" | cut -c 1-160 || true)
        if [[ -z $found ]]; then
            echo "$name: it doesn't build, or fails otherwise:"
            tail -n 20 "$folder/log"
            exit 1
        fi
        break
    done
    if [[ -n $found ]]; then
        echo "$name: found by $test, $found"
    else
        echo "$name: SURVIVED"
        survivors=$((survivors + 1))
    fi
    git -C "$folder/tree" checkout --quiet -- .
done
exit $((survivors > 0))
