#!/bin/sh
# Installs what Aloft's build and tests need and this machine lacks, with Debian's package manager; on another
# system it names the packages. Nothing is done when nothing is missing.
#
#   tools/setup.sh [FOLDER]        FOLDER, build if not given, gets the kernels that the tests boot (foreign.sh)
set -eu

folder=${1:-build}
packages='gcc make binutils libc6-dev nasm clang lld llvm libclang-rt-dev libcmocka-dev zlib1g-dev liblzma-dev mtools
    dosfstools e2fsprogs xorriso qemu-system-x86 bochs bochsbios vgabios python3 python3-pytest python3-pytest-xdist
    frama-c-base why3 z3'
# For tests that compare with GRUB and syslinux, which these packages install on no disk, and a kernel for
# tests/boot/test_linux.py; elsewhere compilers for the loader and the test kernels, since the machine's own makes no x86 code.
case $(uname -m) in
x86_64) packages="$packages grub-common grub-pc-bin syslinux syslinux-common isolinux linux-image-amd64" ;;
i?86) packages="$packages grub-common grub-pc-bin syslinux syslinux-common isolinux" ;;
*) packages="$packages gcc-i686-linux-gnu gcc-x86-64-linux-gnu" ;;
esac

if ! command -v dpkg-query >/dev/null; then
    cat <<END
This is not a Debian system, so nothing was installed. Aloft needs, under the names they have here:
  a C compiler, make, binutils, nasm, liblzma to build
  mtools, dosfstools, e2fsprogs               to make disk images
  xorriso                                     to make images of CDs
  grub-mkrescue, grub-mkimage                 to compare with GRUB; they install it on no disk
  syslinux, isolinux.bin                      likewise, for make bench
  qemu-system-x86_64                          to boot them
  bochs, with its BIOS and vgabios            to boot some of them on a stricter machine (tests)
  cmocka and zlib (with headers), python3, pytest   to run the tests
  clang, lld, llvm, compiler-rt               to build with a second compiler, and to fuzz
  frama-c, why3, z3                           for make prove, a part of which make test runs
  Fedora: dnf install gcc make binutils nasm mtools dosfstools e2fsprogs xorriso grub2-pc-modules grub2-tools-extra \\
          qemu-system-x86 bochs libcmocka-devel zlib-devel xz-devel python3-pytest python3-pytest-xdist clang lld llvm compiler-rt
  Arch:   pacman -S base-devel nasm mtools dosfstools e2fsprogs libisoburn grub qemu-system-x86 bochs cmocka zlib \\
          python-pytest python-pytest-xdist clang lld llvm \\
          compiler-rt
END
    for command in cc make nasm mcopy mkfs.fat xorriso grub-mkrescue qemu-system-x86_64 python3 frama-c why3 z3; do
        command -v "$command" >/dev/null || echo "missing: $command"
    done
    "${0%/*}/foreign.sh" "$folder/foreign" || :
    exit 0
fi

missing=
for package in $packages; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *' installed') ;;
    *) missing="$missing $package" ;;
    esac
done
if [ -n "$missing" ]; then
    echo "setup: installing$missing"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "setup: run this as root: apt-get install --no-install-recommends$missing" >&2
            exit 1
        fi
        as_root=sudo
    fi
    $as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
fi
"${0%/*}/foreign.sh" "$folder/foreign" || echo "setup: without these files their tests fail; all else works" >&2
