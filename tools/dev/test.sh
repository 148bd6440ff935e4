# shellcheck shell=bash
# ./dev test, ./dev lint and ./dev format.

readonly kResults=$PWD/build/results
readonly kSimulators=(cordyna_sim cordyna_sim_{dags,ticks,needs,servers})

help_test() {
  cat <<'TEXT'
usage: ./dev test [--long | --fresh | --only PART]

Builds asan and release, then runs: lint; the unit, contract and simulation tests under ASan and
UBSan (ctest), with some of the worlds; all of the worlds with the fast program, and some of them
with one that g++ has built, to compare the compilers; the script tests and the integration tests with the release
program; 10 s of each fuzz target. The last line is "N passed, N failed" over everything; the exit
code is 0 only when nothing failed.

  --long       also: a line of 1 GB, TSan over cerebro, embed, process and a whole server, clang-tidy
               of everything, more simulated worlds, a minute of each fuzz target, more faults and
               kills, a server that works for 20 minutes
  --fresh      makes a bare Debian 12 root, clones HEAD into it, and runs there ./dev run and
               ./dev test; prints the times of both (wants root)
  --only PART  one of: lint, unit, sim, scripts, ui, sdk, integration, long (what --long adds at its end:
               more worlds, TSan, fuzzing)
TEXT
}

# count NAME PASSED FAILED: a part's result, for the sum at the end.
count() {
  printf '%s %s\n' "$2" "$3" >"$kResults/$1.count"
  step "$1: $2 passed, $3 failed"
}

# One check that passes or fails as a whole: whole NAME COMMAND...
whole() {
  local name=$1
  shift
  if "$@"; then count "$name" 1 0; else count "$name" 0 1; fi
}

# shellcheck disable=SC2120  # begin_beside gives it some
part_lint() {
  step 'lint'
  run_lint "$@" --count "$kResults/lint.count" || true
  [[ -e $kResults/lint.count ]] || echo '0 1' >"$kResults/lint.count"
}

# part_ctest KIND NAME [ctest options]: counts single cases, not programs.
part_ctest() {
  local kind=$1 name=$2
  shift 2
  local xml=$kResults/gtest-$name
  rm -rf "$xml" && mkdir -p "$xml"
  step "$name: ctest in build/$kind"
  GTEST_OUTPUT="xml:$xml/" DYNA_DUCKDB="$kBuildRoot/libexec/cordyna/duckdb" \
    ctest --test-dir "$kBuildRoot/$kind" --parallel "$kCores" --output-on-failure --no-tests=error \
    --output-junit "$kResults/ctest-$name.xml" "$@" || true
  ctest --test-dir "$kBuildRoot/$kind" --show-only=json-v1 "$@" >"$kResults/ctest-$name.json" || true
  python3 tools/tally.py ctest "$kResults/ctest-$name.xml" "$kResults/ctest-$name.json" "$xml" \
    >"$kResults/$name.count" || echo '0 1' >"$kResults/$name.count"
}

# All simulated worlds, with the fast programs: the sanitizers of the unit tests see some hundreds.
part_sim() {
  part_ctest release sim --tests-regex '^sim\.(worlds|dags|ticks|needs|servers)$'
}

part_scripts() {
  whole script-runner python3 tests/scripts/test_runner.py
  step 'scripts: tests/scripts with build/release/bin/dyna'
  DYNA_BIN=$kDyna python3 tests/scripts/run.py --jobs 2 --count "$kResults/scripts.count" || true
  [[ -e $kResults/scripts.count ]] || echo '0 1' >"$kResults/scripts.count"
}

part_integration() {
  need_test_parts
  compgen -G 'tests/integration/**/test_*.py' >/dev/null ||
    compgen -G 'tests/integration/test_*.py' >/dev/null || return 0
  step 'integration: tests/integration and tests/security with build/release/bin/dyna'
  rm -f "$kResults/integration.xml"
  DYNA_BIN=$kDyna DYNA_DUCKDB="$kBuildRoot/libexec/cordyna/duckdb" PATH="$kVenv/bin:$PATH" \
    "$kVenv/bin/python" -m pytest -q -p no:cacheprovider --junitxml "$kResults/integration.xml" \
    --numprocesses $((2 * kCores)) --dist loadfile --no-loadscope-reorder tests/integration tests/security || true
  python3 tools/tally.py junit "$kResults/integration.xml" >"$kResults/integration.count" ||
    echo '0 1' >"$kResults/integration.count"
}

# The web UI: its types, its formatting, and its tests that want no browser.
part_ui() {
  local work=$kBuildRoot/ui/work
  step 'ui: ui/ with svelte-check, prettier and vitest'
  rm -f "$kResults/ui.xml"
  whole ui-types npm --prefix "$work" run --silent check
  whole ui-format npm --prefix "$work" run --silent format:check
  npm --prefix "$work" test --silent -- --reporter=junit --outputFile="$kResults/ui.xml" || true
  python3 tools/tally.py junit "$kResults/ui.xml" >"$kResults/ui.count" || echo '0 1' >"$kResults/ui.count"
}

# The task server for Python: its own tests, by its own settings, and its types.
part_sdk() {  # [worlds of each simulation]
  step 'sdk: sdk/python with pytest and mypy --strict'
  rm -f "$kResults/sdk.xml"
  (cd sdk/python && CORDYNA_SEEDS=${1:-300} PYTHONPATH=$PWD "$kVenv/bin/python" -m pytest -q -p no:cacheprovider --junitxml "$kResults/sdk.xml" \
    --numprocesses "$kCores" tests) || true
  python3 tools/tally.py junit "$kResults/sdk.xml" >"$kResults/sdk.count" || echo '0 1' >"$kResults/sdk.count"
  whole sdk-types "$kVenv/bin/python" -m mypy --strict --config-file sdk/python/pyproject.toml \
    --cache-dir "$kBuildRoot/mypy-cache" sdk/python/cordyna
  part_sdk_typescript "$@"
}

# The one for TypeScript: its types, its formatting, and its own tests.
part_sdk_typescript() {  # [worlds of each simulation]
  local results=$kResults/sdk-typescript.xml
  step 'sdk: sdk/typescript with tsc --strict, prettier and node:test'
  need_typescript
  rm -f "$results"
  whole sdk-typescript-types npm --prefix sdk/typescript run --silent check
  whole sdk-typescript-format npm --prefix sdk/typescript run --silent format:check
  (cd sdk/typescript && CORDYNA_SEEDS=${1:-300} node --test --test-reporter=dot --test-reporter-destination=stdout \
    --test-reporter=junit --test-reporter-destination="$results" 'tests/*.test.ts') || true
  python3 tools/tally.py junit "$results" >"$kResults/sdk-typescript.count" || echo '0 1' >"$kResults/sdk-typescript.count"
}

# R50: the same seeds give the same histories, whichever compiler built the program.
two_compilers_agree() {
  local gcc clang
  gcc=$("$kBuildRoot/gcc/bin/cordyna_sim" --hash 1 500)
  clang=$("$kBuildRoot/release/bin/cordyna_sim" --hash 1 500)
  [[ -n $gcc && $gcc == "$clang" ]] && return
  echo "the histories of 500 worlds: $gcc with g++, $clang with clang++" >&2
  return 1
}

# A whole server under TSan: what its threads do to each other shows only where all of them are there.
server_has_no_races() {
  local races=$kResults/races
  rm -rf "$races" && mkdir -p "$races"
  build tsan dyna
  DYNA_BIN=$kBuildRoot/tsan/bin/dyna DYNA_DUCKDB="$kBuildRoot/libexec/cordyna/duckdb" \
    TSAN_OPTIONS="log_path=$races/race die_after_fork=0" PATH="$kVenv/bin:$PATH" \
    "$kVenv/bin/python" -m pytest -q -p no:cacheprovider tests/integration/server/test_{api,backup,client,full_disk,kill_under_load,live,reads,webhooks}.py \
    tests/integration/task_servers/test_{level_0,python_server}.py ||
    return 1
  [[ -z $(ls -A "$races") ]] && return
  cat "$races"/* >&2
  return 1
}

# More worlds than in ./dev test: KIND FROM COUNT, two of the simulators at once.
more_worlds() {
  local kind=$1 from=$2 count=$3 bin=$kBuildRoot/$1/bin
  whole "sim-worlds-$kind" "$bin/cordyna_sim" --seeds "$from" "$count" --strict &
  whole "sim-ticks-$kind" "$bin/cordyna_sim_ticks" "$from" "$count" --strict
  wait $!
  whole "sim-needs-$kind" "$bin/cordyna_sim_needs" "$from" "$count" --strict &
  whole "sim-servers-$kind" "$bin/cordyna_sim_servers" "$from" "$count" --strict
  wait $!
}

# What --long adds.
parts_long() {
  more_worlds release 10001 90000
  more_worlds asan 1001 2000
  local -a targets
  configure tsan
  mapfile -t targets < <(ninja -C "$kBuildRoot/tsan" -t targets all |
    sed -nE 's/^(cordyna_(cerebro|embed|process|server)[a-z_]*_test): phony.*/\1/p')
  [[ ${#targets[@]} -gt 0 ]] || die 'no test programs of cerebro and process to build under TSan'
  build tsan "${targets[@]}"
  part_ctest tsan tsan --tests-regex '^unit\.(cerebro|embed|process|server)'
  whole tsan-server server_has_no_races
  whole sim-long "$kBuildRoot/asan/bin/cordyna_sim" --minutes 5
  whole fuzz command_fuzz --seconds 60
}

# The sum of all parts: the last line, and whether all is well.
finish_tests() {
  local passed=0 failed=0 file p f
  for file in "$kResults"/*.count; do
    read -r p f <"$file"
    printf '  %-14s %5d passed %4d failed\n' "$(basename "$file" .count)" "$p" "$f"
    passed=$((passed + p))
    failed=$((failed + f))
  done
  step "the tests took $(as_minutes "$SECONDS")"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
}

command_test() {
  local long='' only=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      --long) long=1 ;;
      --fresh) fresh_test; return ;;
      --only) only=${2:-}; shift ;;
      *) die_usage test "$1" ;;
    esac
    shift
  done
  rm -rf "$kResults" && mkdir -p "$kResults"
  need_packages "${kPackagesTest[@]}"
  need_build_tools sanitize
  [[ -z $only ]] || need_venv tests/requirements.txt
  case $only in
    lint) part_lint ;;
    unit) build asan all; part_ctest asan unit ;;
    sim) build release "${kSimulators[@]}"; part_sim ;;
    scripts) build release dyna; part_scripts ;;
    ui) build release dyna; part_ui ;;
    sdk) part_sdk ;;
    integration)
      build asan dyna
      build release dyna cordyna
      prepare_example real-estate flights
      part_integration
      ;;
    long)
      build asan "${kSimulators[@]}"
      build release "${kSimulators[@]}"
      need_test_parts
      parts_long
      ;;
    '') test_everything "$long" ;;
    *) die "unknown part '$only': lint, unit, sim, scripts, ui, sdk, integration or long" ;;
  esac
  finish_tests
}

# The integration tests wait more than they work, and some of it is no hurry: NAME's COMMAND runs beside the
# tests with what they leave, and goes with us when we end early. Its output comes when it has ended.
declare -A beside=()
begin_beside() {
  local name=$1
  shift
  mkdir -p "$kBuildRoot/log"
  (
    renice -n 19 "$BASHPID" >/dev/null
    "$@"
  ) >"$kBuildRoot/log/beside-$name.log" 2>&1 &
  beside[$name]=$!
  trap 'for job in "${beside[@]}"; do pkill -P "$job" || true; done' EXIT
}

end_beside() {
  local name=$1
  step "$name: waiting for its end"
  wait "${beside[$name]}" || true  # its count says how it went
  unset "beside[$name]"
  cat "$kBuildRoot/log/beside-$name.log"
  [[ -e $kResults/$name.count ]] || echo '0 1' >"$kResults/$name.count"
}

# What the tests want beyond what is built.
need_test_parts() {
  need_venv tests/requirements.txt
  need_packages "${kPackagesBrowser[@]}"
  need_postgres
  need_docker
  need_kafka
  need_languages
  need_typescript
  if [[ -n ${DYNA_TEST_LONG:-} ]]; then need_kube; fi
}

test_everything() {
  if [[ -n $1 ]]; then export DYNA_TEST_LONG=1; fi
  # It waits for the network, and the compiler does not need it.
  need_test_parts &
  local parts=$!
  build asan all
  build release dyna cordyna "${kSimulators[@]}"
  build gcc cordyna_sim
  wait "$parts" || die 'what the tests need is not there'
  begin_beside lint part_lint ${1:+--tidy-all}
  whole docs docs_are_current
  part_ctest asan unit
  part_sim
  whole two-compilers two_compilers_agree
  part_scripts
  prepare_example real-estate flights
  part_ui
  part_sdk ${1:+5000}
  if [[ -z $1 ]]; then begin_beside fuzz whole fuzz command_fuzz --seconds 10; fi
  part_integration
  if [[ -n $1 ]]; then parts_long; else end_beside fuzz; fi
  end_beside lint
}

help_lint() {
  cat <<'TEXT'
usage: ./dev lint [--tidy-all | --no-tidy] [--selftest]

Include arrows, third-party headers, purity of the engine, size limits, READMEs, left-over marks,
clang-format, clang-tidy of what changed since the merge base (or the commit before), shellcheck,
ruff. --tidy-all: clang-tidy of everything, with its analyzer. Exceptions, with reasons:
tools/lint/exceptions.txt. --selftest shows that each check fails on a planted violation; it is
also part of every lint.
TEXT
}

# clang-tidy of what changed reads the commands of single files, which the builds do not have: nothing is
# built there. Of everything, it reads the files as they are compiled together.
run_lint() {
  local kind=lint
  if [[ " $* " == *' --tidy-all '* ]]; then kind=asan; fi
  configure "$kind"
  # A build sees by itself that a CMakeLists.txt has changed; this one may never be built.
  logged "$kBuildRoot/log/configure-lint.log" ninja -C "$kBuildRoot/$kind" build.ninja
  PATH="$kVenv/bin:$PATH" python3 tools/lint/lint.py --compile-commands "$kBuildRoot/$kind" \
    --cache "$kBuildRoot/lint-cache" "$@"
}

command_lint() {
  need_packages "${kPackagesTest[@]}"
  need_build_tools sanitize
  run_lint "$@"
}

help_format() {
  cat <<'TEXT'
usage: ./dev format

Formats all C++ with clang-format and all Python with ruff, in place.
TEXT
}

command_format() {
  need_packages clang-format-19 python3 python3-venv git
  need_venv tools/requirements.txt
  git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.hpp' '*.c' '*.h' |
    xargs -0 -r clang-format-19 -i
  "$kVenv/bin/ruff" format --quiet .
  step 'formatted'
}
