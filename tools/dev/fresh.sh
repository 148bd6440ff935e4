# shellcheck shell=bash
# ./dev test --fresh: the two commands of the README on a bare Debian 12.

# The mirror of Debian that this machine uses: deb822 files first, then one-line entries.
debian_mirror() {
  local mirror
  mirror=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
    awk '/^URIs:/ { uri = $2 } /^Suites:/ && / bookworm( |$)/ { print uri; exit }')
  if [[ -z $mirror ]]; then
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -nE 's/^deb (\[[^]]*\] )?([^ ]+) bookworm .*/\2/p' | head -n 1)
  fi
  printf '%s\n' "$mirror"
}

# Puts a minimal Debian 12 with git and ca-certificates into $1. A tarball only speeds it up.
make_root() {
  local root=$1 cache=${XDG_CACHE_HOME:-$HOME/.cache}/cordyna/debian-12-minbase.tar
  mkdir -p "$root" "$(dirname "$cache")"
  if [[ -n $(find "$cache" -mtime -7 2>/dev/null) ]]; then
    step 'unpacking the bare Debian 12 of a run before'
    tar -C "$root" --numeric-owner -xf "$cache"
    return
  fi
  step 'making a bare Debian 12 (debootstrap, minbase, git and ca-certificates)'
  local -a mirror
  mapfile -t mirror < <(debian_mirror | grep .)  # none: debootstrap knows one itself
  logged "$kBuildRoot/log/debootstrap.log" debootstrap --variant=minbase \
    --include=git,ca-certificates bookworm "$root" "${mirror[@]}"
  # A machine out of the box has no package lists: ./dev has to fetch them.
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb
  tar -C "$root" --numeric-owner --one-file-system -cf "$cache.new" . && mv "$cache.new" "$cache"
}

# Sources of this machine that serve Debian 12 itself; other ones would want keys that are not there.
copy_apt_sources() {
  local root=$1 file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [[ -f $file ]] || continue
    case $file in
      *.sources) if ! { grep -q '^Suites:.*bookworm' "$file" && grep -q debian-archive "$file"; }; then continue; fi ;;
      *) grep -qE '^deb .*/debian[a-z-]* bookworm' "$file" || continue ;;
    esac
    cp "$file" "$root$file"
  done
  if compgen -G "$root/etc/apt/sources.list.d/*.sources" >/dev/null &&
    ! grep -qE '^deb .*bookworm' /etc/apt/sources.list 2>/dev/null; then
    rm -f "$root/etc/apt/sources.list"
  fi
  cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
}

# How this machine reaches the network: names, certificates, settings of package tools.
copy_network_settings() {
  local root=$1 file
  copy_apt_sources "$root"
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  # Java has a store of its own, which is made of what this knows.
  chroot "$root" update-ca-certificates >/dev/null 2>&1 || true
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/pip.conf \
    /etc/npmrc "$HOME/.npmrc" "$HOME/.pip/pip.conf" "$HOME/.config/pip/pip.conf" \
    "$HOME/.cargo/config.toml"; do
    [[ -f $file ]] || continue
    local target=$root${file/#$HOME//root}
    mkdir -p "$(dirname "$target")"
    rm -f "$target"
    cat "$file" >"$target"
  done
}

# The names of variables that package tools need to reach their registries.
network_variables() {
  compgen -e | grep -E -i '_proxy$|(^|_)(cert|ssl|ca_bundle|cainfo)(_|$)|^(pip|npm_config|cargo)_' || true
}

# The root becomes a mount point itself: without that no mount namespace can be made in a chroot.
mount_into() {
  mount --bind "$1" "$1"
  mount --bind /proc "$1/proc"
  mount --bind /sys "$1/sys" && mount -o remount,bind,ro "$1/sys"
  mount --bind /dev "$1/dev"
  mount --bind /dev/pts "$1/dev/pts"
}

# Unmounts, and removes only when nothing is mounted there any more.
remove_root() {
  local root=$1 place
  # A daemon that a test left would hold its mounts. In a process tree of our own these are ours.
  if [[ -n ${CORDYNA_FRESH_NAMESPACE:-} && $$ -eq 1 ]]; then kill -KILL -1 2>/dev/null || true; fi
  for place in dev/pts dev sys proc; do
    if mountpoint -q "$root/$place"; then umount "$root/$place" || umount --lazy "$root/$place"; fi
  done
  if mountpoint -q "$root"; then umount "$root" || umount --lazy "$root"; fi
  if grep -qF " $root" /proc/self/mounts; then
    printf './dev: %s still has mounts; it was not removed\n' "$root" >&2
    return 1
  fi
  rm -rf --one-file-system "$root"
}

# in_root ROOT COMMAND: runs it there with a clean environment and in a process tree of its own.
in_root() {
  local root=$1 name
  local -a variables=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    LANG=C.UTF-8 "TERM=${TERM:-dumb}")
  while read -r name; do
    variables+=("$name=${!name}")
  done < <(network_variables)
  chroot "$root" /usr/bin/env -i "${variables[@]}" CORDYNA_FRESH=1 \
    /bin/bash -c "cd /root/cordyna && $2" </dev/null
}

# Goes on in namespaces of its own, where the machine allows it: then no mount and no process can be
# left behind, however this ends.
enter_namespace() {
  [[ -z ${CORDYNA_FRESH_NAMESPACE:-} ]] || return 0
  if unshare --mount --pid --fork --kill-child --mount-proc true 2>/dev/null; then
    CORDYNA_FRESH_NAMESPACE=1 exec unshare --mount --propagation private --pid --fork --kill-child \
      --mount-proc ./dev test --fresh
  fi
}

# Times of both commands, and the result of the second as our own.
fresh_test() {
  [[ -z ${CORDYNA_FRESH:-} ]] || die 'this is the fresh machine already'
  [[ $(id -u) -eq 0 ]] || die '--fresh makes a root file system: run it as root'
  need_packages git "${kPackagesFresh[@]}"
  enter_namespace
  mkdir -p "$kBuildRoot/fresh"
  local root
  # One at a time: then every root that is here was left by a run that was killed.
  exec {fresh_lock}>"$kBuildRoot/fresh/.lock"
  flock --nonblock "$fresh_lock" || die 'another ./dev test --fresh is running'
  for root in "$kBuildRoot"/fresh/root.*; do
    if [[ -d $root ]]; then remove_root "$root"; fi
  done
  root=$(mktemp -d "$kBuildRoot/fresh/root.XXXXXX")
  chmod 0755 "$root"
  # shellcheck disable=SC2064 # the folder of now
  trap "remove_root '$root'" EXIT
  make_root "$root"
  copy_network_settings "$root"
  git clone --quiet --no-hardlinks "$PWD" "$root/root/cordyna"
  mount_into "$root"
  local begun=$SECONDS run_status=0 test_status=0 run_seconds test_seconds
  step "on the bare machine at $(git rev-parse --short HEAD): ./dev run"
  in_root "$root" './dev run' || run_status=$?
  run_seconds=$((SECONDS - begun))
  step "on the bare machine: ./dev test (./dev run took $(as_minutes "$run_seconds"))"
  begun=$SECONDS
  in_root "$root" './dev test' | tee "$kBuildRoot/log/fresh-test.log" || test_status=$?
  test_seconds=$((SECONDS - begun))
  step "bare machine: ./dev run $(as_minutes "$run_seconds"), exit code $run_status"
  step "bare machine: ./dev test $(as_minutes "$test_seconds"), exit code $test_status"
  tail -n 1 "$kBuildRoot/log/fresh-test.log"
  [[ $run_status -eq 0 && $test_status -eq 0 ]]
}
