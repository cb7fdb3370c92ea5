#!/usr/bin/env python3
"""errors-doc.py > docs/errors.md: the list of all errors, made from base/errors.def.

The file's comments are its sections; each X(number, CODE, text, fix) becomes one paragraph. The
same input always gives the same output.
"""

import pathlib
import re
import sys

HEAD = """\
# Errors

Every error of Aloft has a number that never changes. The loader shows it on the screen and on the
first serial port, like this:

     Aloft 0.1.0 could not boot: planning where everything goes

      E81  /boot/kernel.elf: PT_LOAD 0 asks for physical 0xc0100000, where
           this machine has no RAM.

      What to do: add AT(ADDR(.text) - 0xc0000000) to .text in the linker
      script, and the like to every section after it.

The host command prints the same sentences. An error in a configuration also shows the line, with a
mark under the column.

A boot error with a letter instead of a number comes from the boot sector: see
[boot-flow.md](boot-flow.md#stage-1s-letters).

Words in *italics* stand for what the message names: *name* and *other* are a file, a drive or a
word of the configuration, *n* is a number, *0x...* a hexadecimal one, *size* a number of bytes.

This file is made from `base/errors.def` by `tools/errors-doc.py > docs/errors.md`.
"""

TOKEN = re.compile(
    r"""/\*(?P<comment>.*?)\*/
      | X\(\s*(?P<number>\d+)\s*,\s*(?P<code>\w+)\s*,
          \s*(?P<text>(?:"(?:[^"\\]|\\.)*"\s*)+),
          \s*(?P<fix>(?:"(?:[^"\\]|\\.)*"\s*)+)\)
      | (?P<other>\S)""",
    re.VERBOSE | re.DOTALL,
)
NUMBERS = {"": "*n*", "x": "*0x...*", "b": "*size*", "c": "*c*"}


def c_string(literals):
    """The value of one or more C string literals side by side."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', literals)
    return re.sub(r"\\(.)", r"\1", "".join(parts))


def value(match):
    name = match.group(1)
    return f"*{name}*" if name in ("name", "other") else NUMBERS[name[1:]]


def markdown(template):
    escaped = re.sub(r"([\\`*_<>\[\]|])", r"\\\1", template)
    return re.sub(r"\{(name|other|[0-3][xbc]?)\}", value, escaped)


def sentence(text):
    return text if text.endswith("?") else text + "."


def section(comment):
    return " ".join(line.strip(" *") for line in comment.splitlines()).strip()


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    source = (root / "base" / "errors.def").read_text(encoding="utf-8")
    out = [HEAD]
    head = True
    for match in TOKEN.finditer(source):
        if match["other"]:
            sys.exit(f"errors-doc: base/errors.def: not understood at offset {match.start()}")
        if match["comment"] is not None:
            if not head:
                out.append(f"\n## {section(match['comment'])}\n")
            head = False
            continue
        out.append(f"\n### E{match['number']}\n\n`{match['code']}`: "
                   f"{sentence(markdown(c_string(match['text'])))}\n\n"
                   f"What to do: {sentence(markdown(c_string(match['fix'])))}\n")
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    main()
