# shellcheck shell=bash
# What all parts of ./dev use. Sourced by ./dev, in the root of the repository.

readonly kBuildRoot=$PWD/build
readonly kVenv=$kBuildRoot/venv
readonly kDyna=$kBuildRoot/release/bin/dyna
kCores=$(nproc)
readonly kCores

# One line of progress, with the seconds since the start.
step() { printf '[%4ds] %s\n' "$SECONDS" "$*"; }

# A line on standard error, and the end.
die() {
  printf './dev: %s\n' "$*" >&2
  exit 1
}

# An option that the command does not know.
die_usage() {
  printf './dev %s: unknown option "%s"; see ./dev %s --help\n' "$1" "$2" "$1" >&2
  exit 2
}

# Whether `$1` is a program that can be called.
have() { command -v "$1" >/dev/null 2>&1; }

# Runs "$@" with all output in the file $1; shows the end of it when that fails.
logged() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  local status=0
  "$@" >"$log" 2>&1 || status=$?
  [[ $status -ne 0 ]] || return 0
  tail -n 60 "$log" >&2
  printf './dev: failed (%s): %s; all of its output: %s\n' "$status" "$*" "${log#"$PWD"/}" >&2
  return "$status"
}

# Takes the build lock for the rest of the calling subshell: one build at a time.
lock_builds() {
  mkdir -p "$kBuildRoot"
  exec 9>"$kBuildRoot/.lock"
  if ! flock --nonblock 9; then
    step 'waiting for another build to end'
    flock 9
  fi
}

# "1m 05s" of $1 seconds.
as_minutes() { printf '%dm %02ds' $(($1 / 60)) $(($1 % 60)); }
