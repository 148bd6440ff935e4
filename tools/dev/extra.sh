# shellcheck shell=bash
# ./dev bench, sim, fuzz, docs, package and doctor.

help_bench() {
  cat <<'TEXT'
usage: ./dev bench [--only WORK[,WORK]] [--repeat N] [--no-peers]

Measures the works chain, start, cpu, fan, durable, memory, foreach, history, schedules, server,
first-process, api-runs, webhooks, api-lists, invoking, crowd, planning, neighbours, ui, postgres-outbox, postgres-slot, kafka, flood,
containers, flights and "small steps" with the release program, interleaved with their limits (C
programs, xargs, sqlite3, wrk, docker run, DuckDB) and Luigi; medians of N (default 5). Writes
bench/RESULTS.md when all works were measured, prints the table in any case.
TEXT
}

command_bench() {
  need_packages "${kPackagesBench[@]}" "${kPackagesBrowser[@]}"
  need_postgres
  need_docker
  need_kafka
  need_build_tools
  need_venv bench/requirements.txt tests/requirements.txt
  build release dyna bench_limits
  DYNA_BIN=$kDyna "$kVenv/bin/python" bench/run.py --limits "$kBuildRoot/release/bin" \
    --peer-python "$kVenv/bin/python" "$@"
}

help_sim() {
  cat <<'TEXT'
usage: ./dev sim [--minutes N | --seeds FROM COUNT]

Simulates worlds with fresh seeds, which are printed, for N minutes (default 1), or exactly the
given seeds. A failing world prints the line that replays it.
TEXT
}

command_sim() {
  [[ $# -gt 0 ]] || set -- --minutes 1
  need_build_tools
  build release cordyna_sim
  step "cordyna_sim $*"
  "$kBuildRoot/release/bin/cordyna_sim" "$@"
}

help_fuzz() {
  cat <<'TEXT'
usage: ./dev fuzz [--seconds N] [TARGET...]

Builds the targets of tests/fuzz with clang-19 (libFuzzer, ASan, UBSan) and feeds each for N seconds
(default 60). What was found to be new stays in build/fuzz/corpus; a crashing input is kept in
build/fuzz and its name printed.
TEXT
}

command_fuzz() {
  local seconds=60
  if [[ ${1:-} == --seconds ]]; then
    seconds=${2:?--seconds wants a number}
    shift 2
  fi
  need_build_tools sanitize
  local -a targets=("$@")
  [[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(fuzz_targets)
  build_fuzz "${targets[@]}"
  step "fuzzing for $seconds s each, $kCores at once: ${targets[*]}"
  # All take the same time: so many begin together, and the next ones when these have ended.
  local -a jobs
  local target job at failed=''
  for ((at = 0; at < ${#targets[@]}; at += kCores)); do
    jobs=()
    for target in "${targets[@]:at:kCores}"; do
      fuzz_one "$target" "$seconds" &
      jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  done
  [[ -z $failed ]]
}

fuzz_one() {
  local target=$1 seconds=$2 status=0
  mkdir -p "$kBuildRoot/fuzz/corpus/$target"
  logged "$kBuildRoot/log/$target.log" "$kBuildRoot/fuzz/bin/$target" -max_total_time="$seconds" \
    -max_len=65536 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$kBuildRoot/fuzz/$target-" \
    "$kBuildRoot/fuzz/corpus/$target" tests/fuzz/seeds || status=$?
  echo "$target: $(grep -E '^(Done|#[0-9]+.*DONE)' "$kBuildRoot/log/$target.log" | tail -n 1)"
  return "$status"
}

# The names of the targets: one for each file.
fuzz_targets() {
  local file
  for file in tests/fuzz/fuzz_*.cpp; do basename "$file" .cpp; done
}

# -w: warnings are not what fuzzing is for.
build_fuzz() {
  (
    lock_builds
    step "building fuzz: $*"
    local flags='-O1 -g1 -w -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined'
    logged "$kBuildRoot/log/configure-fuzz.log" cmake -G Ninja -S . -B "$kBuildRoot/fuzz" \
      -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
      "-DCMAKE_CXX_FLAGS_DEBUG=$flags" "-DCMAKE_C_FLAGS_DEBUG=$flags" "-DCORDYNA_CARGO_DIR=$kBuildRoot/cargo" \
      -DCMAKE_UNITY_BUILD=ON -DCORDYNA_FUZZ=ON
    logged "$kBuildRoot/log/build-fuzz.log" ninja -C "$kBuildRoot/fuzz" -j "$kCores" "$@"
  ) || die 'the fuzz build failed'
}

help_docs() {
  cat <<'TEXT'
usage: ./dev docs [--check]

Writes docs/reference (the language and its tests, their JSON Schemas, the states, the API) from the release program; with
--check only says whether it is up to date.
TEXT
}

# Prints the reference into the folder $1.
write_reference() {
  mkdir -p "$1"
  "$kDyna" schema >"$1/flow.schema.json"
  "$kDyna" schema --states >"$1/states.md"
  "$kDyna" schema --reference >"$1/language.md"
  "$kDyna" schema --tests >"$1/tests.schema.json"
  "$kDyna" schema --tests --reference >"$1/tests.md"
  "$kDyna" schema --teams >"$1/teams.schema.json"
  "$kDyna" schema --teams --reference >"$1/teams.md"
  "$kDyna" schema --git >"$1/git.schema.json"
  "$kDyna" schema --git --reference >"$1/git.md"
  "$kDyna" schema --api >"$1/openapi.json"
  "$kDyna" schema --api --reference >"$1/api.md"
  "$kDyna" schema --protocol >"$1/protocol.schema.json"
  "$kDyna" schema --protocol --asyncapi >"$1/asyncapi.json"
  "$kDyna" schema --protocol --reference >"$1/protocol.md"
}

docs_are_current() {
  local made=$kBuildRoot/docs-reference
  rm -rf "$made"
  write_reference "$made" || return 1
  diff -ru docs/reference "$made" >"$kBuildRoot/log/docs.diff" && return 0
  head -n 20 "$kBuildRoot/log/docs.diff" >&2
  printf './dev: docs/reference is not what the program says; run ./dev docs\n' >&2
  return 1
}

command_docs() {
  need_build_tools
  build release dyna
  mkdir -p "$kBuildRoot/log"
  case ${1:-} in
    '') write_reference docs/reference && step 'wrote docs/reference' ;;
    --check) docs_are_current && step 'docs/reference is up to date' ;;
    *) die_usage docs "$1" ;;
  esac
}

help_screenshots() {
  cat <<'TEXT'
usage: ./dev screenshots [FOLDER [PAGE...]]

Starts a server with something of everything, and writes pictures of each page of its web UI, or of
those that are named, to FOLDER (build/screenshots): light, dark and narrow.
TEXT
}

command_screenshots() {
  [[ ${1:-} != -* ]] || die_usage screenshots "$1"
  local folder=${1:-$kBuildRoot/screenshots}
  [[ $# -eq 0 ]] || shift
  need_build_tools
  need_packages "${kPackagesBrowser[@]}"
  need_venv tests/requirements.txt
  build release dyna
  DYNA_BIN=$kDyna DYNA_DUCKDB="$kBuildRoot/libexec/cordyna/duckdb" \
    "$kVenv/bin/python" tests/integration/ui/screenshots.py "$folder" "$@"
}

help_package() {
  cat <<'TEXT'
usage: ./dev package

Makes build/package/cordyna-VERSION-linux-ARCH.tar.gz (bin/dyna, libexec/cordyna/duckdb, the library with
its headers, README, LICENSE) and a .deb of the same, and tries the program of both and the library.
TEXT
}

command_package() {
  need_build_tools
  need_packages binutils
  build release dyna cordyna
  bash tools/package.sh "$kBuildRoot/release" "$kBuildRoot/libexec/cordyna/duckdb" "$kBuildRoot/package"
}

help_doctor() {
  cat <<'TEXT'
usage: ./dev doctor

Lists what this machine offers for building and testing, and what is missing. Installs nothing.
Ends with 1 when something that ./dev cannot install by itself is missing.
TEXT
}

# report STATE NAME TEXT
report() { printf '  %-8s %-22s %s\n' "$1" "$2" "$3"; }

report_program() {
  local version
  if have "$1"; then
    version=$("$1" "${2:---version}" 2>&1 | head -n 1 || true)
    report ok "$1" "$version"
  else
    report missing "$1" "$3"
  fi
}

doctor_machine() {
  local pretty cgroups=none
  pretty=$(sed -nE 's/^PRETTY_NAME="?([^"]*)"?/\1/p' /etc/os-release)
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    cgroups="v2: $(cat /sys/fs/cgroup/cgroup.controllers)"
  elif compgen -G '/sys/fs/cgroup/*/tasks' >/dev/null; then
    cgroups='v1'
  fi
  report ok system "$pretty, Linux $(uname -r), $(uname -m)"
  report ok cores "$kCores"
  report ok memory "$(awk '/MemTotal/ { printf "%.1f GB", $2 / 1048576 }' /proc/meminfo)"
  report ok disk "$(df -h --output=avail . | tail -n 1 | tr -d ' ') free here"
  report ok cgroups "$cgroups"
}

# What the tests want and no package brings.
doctor_rights() {
  local status=0
  if [[ $(id -u) -eq 0 ]]; then
    report ok root 'packages can be installed; --fresh can be run'
  elif have sudo; then
    report ok sudo 'packages can be installed'
  else
    report missing root "without root or sudo somebody has to install: $(missing_packages "${kPackagesBuild[@]}" "${kPackagesTest[@]}" "${kPackagesServer[@]}" | tr '\n' ' ')"
    [[ -z $(missing_packages "${kPackagesBuild[@]}") ]] || status=1
  fi
  if unshare --mount true 2>/dev/null || unshare --user --map-root-user --mount true 2>/dev/null; then
    report ok mounts 'tests of full disks and read-only folders can be run'
  else
    report missing mounts 'tests of full disks and read-only folders will fail here'
    status=1
  fi
  return $status
}

command_doctor() {
  [[ $# -eq 0 ]] || die_usage doctor "$1"
  local status=0 package
  echo 'machine'
  doctor_machine
  doctor_rights || status=1
  echo 'tools'
  report_program clang++-19 --version 'from Debian: clang-19'
  report_program g++ --version 'from Debian: g++'
  report_program cmake --version 'from Debian: cmake'
  report_program ninja --version 'from Debian: ninja-build'
  report_program python3 --version 'from Debian: python3'
  report_program ccache --version 'from Debian: ccache'
  report_program mold --version 'from Debian: mold'
  if cargo_is_new_enough; then
    report ok cargo "$(cargo --version)"
  else
    report missing cargo "1.$kCargoMinor or newer; from Debian: rustc-web cargo-web"
  fi
  echo 'packages that ./dev would install'
  while read -r package; do
    report missing "$package" 'Debian'
  done < <(missing_packages "${kPackagesBuild[@]}" "${kPackagesTest[@]}" "${kPackagesServer[@]}" "${kPackagesSanitize[@]}" "${kPackagesFresh[@]}")
  if [[ -x $kBuildRoot/libexec/cordyna/duckdb ]]; then
    report ok duckdb "$("$kBuildRoot/libexec/cordyna/duckdb" --version 2>&1 | head -n 1)"
  else
    report missing duckdb 'PyPI: duckdb-cli, into build/venv'
  fi
  return $status
}
