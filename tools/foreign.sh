#!/bin/sh
# Fetches the kernels that tests/boot/test_foreign.py boots: files out of Debian's packages, written to FOLDER and
# installed nowhere, so that this machine's own /boot stays as it is. A file that is there already is left alone.
#
#   tools/foreign.sh [FOLDER]        FOLDER is build/foreign
#
# Each file that cannot be had is named, with its package; then the exit status is 1.
set -u

folder=${1:-build/foreign}
status=0

# The package with a name like $1 that the package $2 depends on in this release.
package_of() {
    LC_ALL=C apt-cache depends "$2" 2>/dev/null | sed -n "s/.*Depends: \($1\)\$/\1/p" | sed -n 1p
}

# fetch PACKAGE PATTERN: writes the file in the package whose path matches, as $work/file.
fetch() {
    (cd "$work" && apt-get -qq download "$1" >/dev/null 2>&1) || return 1
    dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO --wildcards "./$2" >"$work/file"
}

# want FILE PACKAGE PATTERN [METAPACKAGE]: with a metapackage, PACKAGE is the pattern of a name that it depends on.
want() {
    [ -s "$folder/$1" ] && return
    work=$(mktemp -d) || exit 1
    package=${4:+$(package_of "$2" "$4")}
    package=${package:-${4:-$2}}
    if command -v apt-get >/dev/null && fetch "$package" "$3" && [ -s "$work/file" ]; then
        mkdir -p "$folder" && mv "$work/file" "$folder/$1" && echo "foreign: $folder/$1 from $package"
    else
        echo "foreign: $folder/$1 is missing. It is the file $3 of Debian's package $2 for amd64 (packages.debian.org):" \
            "fetch that with apt-get, or unpack it by hand (ar p PACKAGE.deb data.tar.xz | tar xJ) and put the file there." >&2
        status=1
    fi
    rm -rf "$work"
}

want xen.gz 'xen-hypervisor-[0-9.]*-amd64' 'boot/xen-*.gz' xen-system-amd64
want vmlinuz 'linux-image-[0-9].*-amd64' 'boot/vmlinuz-*' linux-image-amd64
want invaders.exec grub-invaders 'boot/invaders.exec'
want memtest.bin memtest86+ 'boot/memtest86+x64.bin'
want gnumach.gz gnumach-image-1.8-486 'boot/gnumach-*.gz'
exit $status
