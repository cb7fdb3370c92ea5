#!/bin/sh
# size.sh BUILD: how large each module of the loader is, unpacked, and what stage 1 and stage 2 take on disk.
set -eu
build=$1
printf '%-10s %8s %8s %8s\n' module code 'read-only' bss
for module in base fs config elf paging plan handoff menu stage2; do
    size -A "$build"/loader/$module/*.o | awk -v module=$module '
        $1 ~ /^\.text|^\.real/ { code += $2 }
        $1 ~ /^\.rodata/ { data += $2 }
        $1 ~ /^\.bss/ { bss += $2 }
        END { printf "%-10s %8d %8d %8d\n", module, code, data, bss }'
done
raw=$(wc -c <"$build/stage2.raw")
stage1=$(wc -c <"$build/boot.bin")
stage2=$(wc -c <"$build/stage2.bin")
echo "stage 1: $stage1 bytes; stage 2: $raw bytes unpacked, $stage2 packed"
echo "$((stage1 + stage2)) bytes on disk"
[ $((stage1 + stage2)) -le 114688 ] || { echo "size: more than 112 KiB on disk" >&2; exit 1; }
