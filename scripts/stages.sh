# Sourced by the other scripts: runs named stages and prints how many minutes each took.
# shellcheck shell=bash

STAGE_SUMMARY=""

# stage NAME COMMAND…: stops the script when the command fails.
stage() {
    local name=$1 began=$SECONDS code=0
    shift
    printf '\n== %s\n' "$name" >&2
    "$@" || code=$?
    local spent=$((SECONDS - began))
    local minutes
    minutes=$(printf '%d.%d' $((spent / 60)) $((spent % 60 / 6)))
    printf '== %s: %s min\n' "$name" "$minutes" >&2
    STAGE_SUMMARY+=$(printf '%8s min  %s' "$minutes" "$name")$'\n'
    if ((code != 0)); then
        printf '== %s failed (exit code %d)\n' "$name" "$code" >&2
        exit "$code"
    fi
}

# stages_done: prints every stage of this script.
stages_done() {
    printf '\n%s%8s min  %s\n' "$STAGE_SUMMARY" "$(printf '%d.%d' $((SECONDS / 60)) $((SECONDS % 60 / 6)))" "in all" >&2
}
