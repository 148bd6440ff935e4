# shellcheck shell=bash
# The control plane that ./dev test --long runs tasks of type kubernetes in, built from Go modules.

readonly kPackagesKube=(etcd-server openssl)
readonly kGoMinor=24 # of 1.x: what the modules want

go_is_new_enough() {
  have go || return 1
  local minor
  minor=$(go env GOVERSION 2>/dev/null | sed -nE 's/^go1\.([0-9]+).*/\1/p')
  [[ -n $minor && $minor -ge $kGoMinor ]]
}

# etcd for the tests, which start one of their own: the package shall start none for this machine.
need_etcd() {
  local policy=/usr/sbin/policy-rc.d ours=''
  [[ -n $(missing_packages "${kPackagesKube[@]}") ]] || return 0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 0755 /dev/stdin "$policy"
    ours=1
  fi
  local status=0
  (need_packages "${kPackagesKube[@]}") || status=$?
  [[ -z $ours ]] || as_root rm -f "$policy"
  return "$status"
}

# Builds build/kube/bin/control, once for each state of its go.mod: five minutes on two cores, 2 GB of memory.
need_kube() {
  local folder=$kBuildRoot/kube source=tests/integration/kubernetes/cluster stamp
  need_etcd || die 'etcd is needed'
  stamp=$folder/.built-$(cat "$source"/go.mod "$source"/go.sum "$source"/control/main.go | sha256sum | cut -c1-16)
  [[ -e $stamp ]] && return 0
  go_is_new_enough || die "Go 1.$kGoMinor or newer is needed for the control plane of the tests: https://go.dev/dl"
  step 'building a Kubernetes control plane from Go modules (once)'
  rm -f "$folder"/.built-*
  mkdir -p "$folder/bin"
  logged "$kBuildRoot/log/kube.log" env GOFLAGS=-buildvcs=false go -C "$source" build -p 2 -trimpath \
    -ldflags '-s -w' -o "$folder/bin/control" ./control
  touch "$stamp"
}
