#!/usr/bin/env bash
# package.sh BUILD DUCKDB FOLDER: the archives that users install, and a try of each.
set -euo pipefail

readonly build=$1 duckdb=$2 folder=$3
readonly dyna=$build/bin/dyna
version=$("$dyna" version | sed -nE '1s/.*[^0-9.]([0-9]+\.[0-9]+\.[0-9]+).*/\1/p')
[[ -n $version ]] || {
  echo "package.sh: '$dyna version' names no version" >&2
  exit 1
}
machine=$(uname -m)
name=cordyna-$version-linux-$machine
rm -rf "$folder" && mkdir -p "$folder/$name/bin" "$folder/$name/libexec/cordyna"

install -m 0755 "$dyna" "$folder/$name/bin/dyna"
strip "$folder/$name/bin/dyna"
install -m 0755 "$duckdb" "$folder/$name/libexec/cordyna/duckdb"
install -m 0644 README.md LICENSE CHANGELOG.md "$folder/$name/"
cmake --install "$build" --component library --strip --prefix "$folder/$name" >/dev/null
tar -C "$folder" --owner=0 --group=0 --numeric-owner --sort=name -czf "$folder/$name.tar.gz" "$name"

# The Debian packages whose libraries the program and the library are linked with. dpkg may know a path
# with or without /usr in front, as the folders were merged.
library_packages() {
  local library path
  ldd "$dyna" "$build/lib/libcordyna.so" | sed -nE 's/.*=> (\/[^ ]+).*/\1/p' | while read -r library; do
    for path in "$library" "/usr$library" "$(readlink -f "$library")" "${library#/usr}"; do
      if dpkg-query -S "$path" 2>/dev/null; then break; fi
    done
  done | cut -d: -f1 | sort -u | paste -sd, | sed 's/,/, /g'
}

readonly tree=$folder/deb
mkdir -p "$tree/DEBIAN" "$tree/usr/bin" "$tree/usr/libexec/cordyna" "$tree/usr/share/doc/cordyna"
cp "$folder/$name/bin/dyna" "$tree/usr/bin/"
cp "$folder/$name/libexec/cordyna/duckdb" "$tree/usr/libexec/cordyna/"
cp -a "$folder/$name/lib" "$folder/$name/include" "$tree/usr/"
printf 'activate-noawait ldconfig\n' >"$tree/DEBIAN/triggers"
cp README.md CHANGELOG.md "$tree/usr/share/doc/cordyna/"
cp LICENSE "$tree/usr/share/doc/cordyna/copyright"
mkdir -p "$tree/usr/lib/systemd/system" "$tree/etc/cordyna"
install -m 0644 packaging/cordyna.service "$tree/usr/lib/systemd/system/"
printf '# Settings of the service; dyna config shows them all.\n' >"$tree/etc/cordyna/cordyna.yaml"
printf '/etc/cordyna/cordyna.yaml\n' >"$tree/DEBIAN/conffiles"
cat >"$tree/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
if ! getent passwd cordyna >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/cordyna --shell /usr/sbin/nologin cordyna
fi
POSTINST
chmod 0755 "$tree/DEBIAN/postinst"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: cordyna
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: The Cordyna authors <cordyna@localhost>
Depends: $(library_packages), passwd
Section: utils
Priority: optional
Description: data-pipeline orchestrator in one program
 Runs flows of shell, Python and data tasks with durable state.
CONTROL
deb=$folder/cordyna_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group -Zxz -z1 --build "$tree" "$deb" >/dev/null
rm -rf "$tree" "${folder:?}/$name"

# Both hold a program that starts, and a library that a program is linked with.
try=$(mktemp -d)
trap 'rm -rf "$try"' EXIT
tar -C "$try" -xzf "$folder/$name.tar.gz"
"$try/$name/bin/dyna" version >/dev/null
dpkg-deb --extract "$deb" "$try/deb"
"$try/deb/usr/bin/dyna" version >/dev/null
"$try/deb/usr/libexec/cordyna/duckdb" --version >/dev/null
for root in "$try/$name" "$try/deb/usr"; do
  read -ra flags < <(PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config --cflags --libs cordyna)
  g++ -std=c++23 examples/embed/main.cpp "${flags[@]}" -pthread -o "$try/embed"
  # Without arguments it says how to call it.
  status=0
  LD_LIBRARY_PATH=$root/lib "$try/embed" 2>/dev/null || status=$?
  [[ $status -eq 2 ]] || exit 1
done
printf '%s\n%s\n' "$folder/$name.tar.gz" "$deb"
