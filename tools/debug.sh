#!/bin/sh
# debug.sh QEMU IMAGE KERNEL STAGE2: boots the image stopped, and attaches GDB with the symbols of the loader and of
# the kernel. GDB stops at the kernel's entry.
set -eu
qemu=$1 image=$2 kernel=$3 stage2=$4
command -v gdb >/dev/null || { echo "debug: gdb is missing (Debian: apt-get install gdb)" >&2; exit 2; }
entry=$(readelf -h "$kernel" | awk '/Entry point/ { print $4 }')
socket=$(mktemp -u)
$qemu -drive "file=$image,format=raw,snapshot=on" -serial "file:${image%.img}.serial" -no-reboot -S \
    -gdb "unix:$socket,server=on,wait=off" &
pid=$!
trap 'kill $pid 2>/dev/null; rm -f "$socket"' EXIT
while [ ! -S "$socket" ]; do sleep 0.1; done
gdb -q -ex "target remote $socket" -ex "symbol-file $stage2" -ex "add-symbol-file $kernel" \
    -ex "hbreak *$entry" -ex continue
