"""Configurations with mistakes, and at every limit: one less, just that, one more, and far more."""
import craft

TITLE = "configurations with mistakes"
FAST = 8

PATH = "/boot/aloft.cfg"
KERNEL = "/boot/kernel.elf"
LINE = f"kernel {KERNEL}"
FILES = {KERNEL: craft.kernel(), "/boot/module": craft.words(100, 3), "/boot/aloft": b"a file"}
LIMITS = {"bytes": 32 << 10, "text": 16 << 10, "values": 4 << 10, "line": 8 << 10, "words": 256, "entries": 64, "files": 16,
          "functions": 48, "frames": 32, "modules": 32, "nesting": 8, "name": 255}  # of config/config.h and fs/


def entry(*lines, title="one", before=()):
    return "\n".join(["set timeout=0", *before, f'menuentry "{title}" {{', *("    " + line for line in lines), "}", ""])


def run(folder, text, code, words, files=None):
    text = text if isinstance(text, bytes) else text.encode()
    craft.judge(folder, craft.fat_disk({PATH: text, **FILES, **(files or {})}), code, *words)


def at(line, column):
    return f"{PATH} line {line}, column {column}: "


# ---- the language ----

def language():
    """(what, text, code, words)"""
    yield "nothing", "", 49, ["the configuration has no entry that boots anything"]
    yield "blanks", " \t\r\n;;;\n" * 100, 49, ["no entry that boots anything"]
    yield "a comment without an end", "# " + "x" * 300, 49, ["no entry that boots anything"]
    for quote in "'\"":
        yield f"quote {quote}", entry(f"kernel {quote}{KERNEL}"), 41, [at(3, 12), f"the quote {quote} that opens here is never closed"]
        for count in (1, 2, 3, 63, 64, 4001):
            text = quote * count + "\n"
            yield f"{count} times {quote}", text, 41 if count % 2 else 40, [at(1, count if count % 2 else 1)]
        yield f"{quote} at the end", LINE + " " + quote, 41, ["never closed"]
    yield "a backslash at the end", LINE + " \\", None, []
    yield "4000 backslashes", LINE + " " + "\\" * 4000, None, []
    yield "a quote after a backslash", LINE + ' \\"', None, []
    for count in (1, 2, 31, 32, 200):
        yield f"{count} times {{", "{" * count, 40, [at(1, 1), 'unknown command "{"']
    for count in (1, 2, 200):
        yield f"{count} times }}", "}" * count, 43, [at(1, 1), "this } closes nothing"]
        yield f"{count} times }} behind an entry", entry(LINE) + "}" * count, 43, [at(5, 1)]
    yield "a block that is not closed", f'menuentry "x" {{\n{LINE}\n', 42, [at(1, 15), "the block that opens here is never closed"]
    yield "no title", f"menuentry {{\n{LINE}\n}}", 44, [at(1, 1), "menuentry needs a title and a block"]
    yield "no block", 'menuentry "x"\n' + LINE, 44, [at(1, 1), "menuentry needs a title and a block"]
    yield "an empty title", f'menuentry "" {{\n{LINE}\n}}', None, []
    for what in ("menuentry", "submenu"):
        yield f"{what} in an entry", entry(f'{what} "y" {{', LINE, "}"), 55, [f"{what} inside a menuentry"]
        yield f"an option of {what}", f'{what} "x" --nonsense {{\n{LINE}\n}}', 46, ['"--nonsense"']
        yield f"{what} --id without a value", f'{what} "x" --id', 45, ["--id takes a value"]
    for keyword in ("fi", "done", "then", "do", "elif", "else"):
        yield f"stray {keyword}", f"{keyword}\n" + entry(LINE), 141, [at(1, 1), f'"{keyword}" does not belong here']
    for keyword in ("break", "continue"):
        yield f"stray {keyword}", entry(keyword, LINE), 141, [at(3, 5), f'"{keyword}" does not belong here']
    for opener, name, end in (("if true; then", "if", "fi"), ("while true; do", "while", "done"), ("until false; do", "until", "done"),
                              ("for i in a; do", "for", "done"), ("if true", "if", "fi"), ("while true", "while", "done")):
        yield f"{opener} without {end}", opener + "\n", 140, [at(1, 1), f"the {name} that opens here is never closed"]
        yield f"{opener} in an entry", entry(opener, LINE), 140, [at(3, 5), f"the {name} that opens here is never closed"]
    for words in ("", "i", "i of", "i on a b"):
        yield f"for {words!r}", f"for {words}; do\ndone\n", 45, [at(1, 1), "for takes a name, the word in, and words"]
    yield "a loop without end", "while true; do\nset a=b\ndone\n", 144, ["goes on without end"]
    yield "a loop that has nothing", "while true; do\ndone\n", 144, ["goes on without end"]
    yield "a function that calls itself", "function f {\nf\n}\nf\n", 48, ["blocks and calls within one another: more than 32"]
    yield "a file that reads itself", f"source {PATH}\n", 48, ["too many files: more than 16"]
    yield "a configuration that replaces itself", f"configfile {PATH}\n", 48, ["too many files: more than 16"]
    for words in ("", "a b"):
        yield f"function {words!r}", f"function {words} {{\n}}\n", 45, [at(1, 1), "function takes a name and a block"]
    yield "function without a block", "function f\nset a=b\n", 44, ["function needs a title and a block"]
    for word in ("case", "select"):
        yield word, f"{word} x in\n", 57, [at(1, 1), f'"{word}" is not in this version of Aloft']
    for word, text in (("a", "set a"), ("=b", "set =b"), ("a = b", "set a = b")):
        yield f"set {word}", text + "\n", 45, ["set takes NAME=value, without spaces around the ="]
    for name in ("${", "${}", "${a", "${a b}", "${a{}"):
        yield f"variable {name}", f"set x={name}\n", 45, [at(1, 7), "${ takes a variable's name and a }"]
    for name in ("$", "$$", "$#", "$?", "$@", "$*", "$0", "$99999999999999999999", "${1}", "$1$2", "${none}"):
        yield f"variable {name}", entry(LINE + " " + name), None, []
    for name in ("kernal", "kernell", "ekrnel", "kerne", "multibot", "menuentri", "x", "x" * 300):
        yield f"command {name[:12]} of {len(name)}", entry(f"{name} {KERNEL}"), 40, [at(3, 5), f'unknown command "{name[:40]}']
    for name in ("loopback", "drivemap", "eval", "parttool"):
        yield f"command {name}", entry(name, LINE), 57, [at(3, 5), f'"{name}" is not in this version of Aloft']
    for byte in (0, 1, 7, 8, 11, 12, 27, 31, 127):
        yield f"byte {byte:#x}", LINE.encode() + b"\n " + bytes([byte]), 54, [at(2, 2), f"a byte that is no text ({byte:#x})"]
    for byte in (0x80, 0xC0, 0xFF):
        yield f"byte {byte:#x}", LINE.encode() + b" " + bytes([byte]) * 5, None, []
    yield "UTF-16", LINE.encode("utf-16"), 54, [at(1, 4), "a byte that is no text (0x0)"]
    yield "a mark of UTF-8", b"\xef\xbb\xbf" + LINE.encode(), None, []
    yield "Windows' line ends", entry(LINE).replace("\n", "\r\n"), None, []
    yield "old Macs' line ends", entry(LINE).replace("\n", "\r"), 40, [at(1, 31), 'unknown command "{"']
    for default in ("5", "-1", "x", "0>0", ">", "99999999999999999999", "x" * 300):
        yield f"default {default[:12]!r}", f'set default="{default}"\n' + entry(LINE), 50, [f'default is "{default[:40]}']
    for timeout in ("x", "1x", "0x", "99999999999999999999", "1 2"):
        yield f"timeout {timeout!r}", f'menuentry "x" {{\n{LINE}\n}}\nset timeout="{timeout}"\n', 47, [f'"{timeout}" is no value for timeout']


# ---- what an entry boots ----

def requests():
    yield "no kernel", entry(), 51, [at(2, 1), 'the entry "one" starts no kernel']
    yield "two kernels", entry(LINE, LINE), 52, [at(4, 5), "names a second kernel here"]
    for command in ("kernel", "multiboot", "multiboot2", "linux", "chainloader"):
        yield f"{command} alone", entry(command), 45, [at(3, 5), f"{command} takes the path of a file"]
        yield f"{command} of nothing", entry(command + ' ""'), 45, [at(3, 5), f"{command} takes the path of a file"]
        yield f"an option of {command}", entry(f"{command} --nonsense {KERNEL}"), 46, [at(3, 6 + len(command)), f'{command} has no option "--nonsense"']
    for command in ("module", "initrd"):
        yield f"{command} first", entry(f"{command} /boot/module"), 53, [at(3, 5), "a module before the kernel that takes it"]
        yield f"{command} alone", entry(LINE, command), 45, [at(4, 5), f"{command} takes the path of a file"]
        yield f"{command} that is missing", entry(LINE, f"{command} /boot/none"), 26, ["/boot/none: no such file on the boot volume"]
        yield f"{command} that is a directory", entry(LINE, f"{command} /boot"), 27, ["/boot is a directory"]
        yield f"an option of {command}", entry(LINE, f"{command} --nonsense /boot/module"), 46, [f'{command} has no option "--nonsense"']
    for path, code, words in (("/none", 26, "/none: no such file"), ("/boot/none", 26, "/boot/none: no such file"), ("/none/none", 26, "no such file"),
                              ("/boot", 27, "/boot is a directory"), ("/", 27, "/ is a directory"), ("//boot//", 27, "is a directory"),
                              (KERNEL + "/x", 28, "what stands before /x is a file"), ("kernel.elf", 29, "it does not start with /"),
                              ("./kernel.elf", 29, "it does not start with /"), ("/boot/../none", 26, "no such file"),
                              ("(hd0,1)/none", 26, "/none: no such file"), ("(hd0", 142, "names a device that does not end"),
                              ("(", 142, "names a device that does not end"), ("(hd1)/x", 143, "/x is on a device that Aloft did not boot from"),
                              ("(hd0,9)/x", 143, "/x is on a device"), ("(fd0)/x", 143, "/x is on a device"), ("(cow)/x", 143, "/x is on a device"),
                              ("(hd99999999999)/x", 143, "/x is on a device"), ("(hd0,99999999999)/x", 143, "/x is on a device"),
                              ("(tftp,1.2.3.4)/x", 143, "/x is on a device")):
        yield f"the path {path}", entry(f"kernel {path}"), code, [words]
    for path in ("//boot///kernel.elf", "/BOOT/KERNEL.ELF", "()/boot/kernel.elf", "(hd0,1)/boot/kernel.elf", "(hd0,msdos1)/boot/kernel.elf"):
        yield f"the path {path}", entry(f"kernel {path}"), None, []
    for option, value in (("--paging", "6level"), ("--pages", "2m"), ("--identity", "some"), ("--direct-map", "x"), ("--recursive", "x"),
                          ("--stack", "0"), ("--stack", "-1"), ("--stack", "99999999999999999999"), ("--stack", "16E"),
                          ("--map", "0"), ("--map", "0+0"), ("--map", "0+4K@"), ("--map", "0+4K,xx"), ("--null-page", "x"), ("--base", "x"),
                          ("--global", "x"), ("--video", "8x"), ("--map", "0x10000000000000000+4K"), ("--paging", "")):
        yield f"{option}={value}", entry(f"kernel {option}={value} {KERNEL}"), 47, [at(3, 12), f'"{value}" is no value for {option}']
    for option, code, words in (("--paging=4level", 88, "4-level paging cannot run a 32-bit kernel"), ("--paging=5level", 88, "cannot run a 32-bit kernel"),
                                ("--paging=off", 94, "--paging=off, but PT_LOAD 0 is at virtual"), ("--base=0x200000", 134, "is not position-independent"),
                                ("--kaslr", 134, "is not position-independent"), ("--recursive=1024", 131, "cannot use the recursive slot 1024"),
                                ("--direct-map=0xC0000001", 90, "--direct-map=0xc0000001 cannot be used"),
                                ("--map=0xfee00001+4K@0xE0000000", 90, "--map"), ("--map=0xfee00000+4K@0x100000000", 90, "--map"),
                                ("--map=0xffffffffffffffff+1@0xE0000000", 90, "--map"), ("--smep", 130, "--smep needs the CPU feature"),
                                ("--umip", 130, "--umip needs the CPU feature")):
        yield option, entry(f"kernel {option} {KERNEL}"), code, [words]
    yield "no disk sector for chainloader", entry("chainloader /boot/module"), 45, ["chainloader takes +1"]
    yield "chainloader of a partition that is not there", entry("chainloader (hd0,4)+1"), 143, ["+1 is on a device"]
    yield "linux of a kernel that is none", entry(f"linux {KERNEL}"), 205, [f"{KERNEL} is no Linux kernel"]
    yield "linux, vga=ask", entry(f"linux {KERNEL} vga=ask"), 137, ["vga=ask: Aloft has no menu of video modes"]
    for command in ("multiboot", "multiboot2"):
        yield f"{command} of a kernel that has no header", entry(f"{command} {KERNEL}"), 160, [f"{KERNEL} has no"]
    yield "pvh of a kernel that has no note", entry(f"kernel --protocol=pvh {KERNEL}"), 209, [f"{KERNEL} has no PVH entry"]
    yield "the configuration as a kernel", entry(f"kernel {PATH}"), 60, [f"{PATH} is not an ELF file"]


# ---- limits ----

def around(limit):
    """(how many, is it too many)"""
    return [(count, count > limit) for count in sorted({1, limit - 1, limit, limit + 1, min(8 * limit, 0x10000)})]


def big(over, *words):
    return (48, list(words)) if over else (None, [])


def limits():
    rest = "\n" + entry(LINE)
    for size, over in around(LIMITS["bytes"]):
        text = entry(LINE)
        if size > len(text):
            yield f"{size} bytes", text + "#" * (size - len(text)), *((30, [f"{PATH} is", "at most 32 KiB can be used here"]) if over else (None, []))
    for count, over in around(LIMITS["words"]):
        yield f"{count} words", "true" + " w" * (count - 1) + rest, *big(over, at(1, 516), "too many words in a command: more than 256")
    for size in (1, LIMITS["line"] - 6, LIMITS["line"] - 5, 2 * LIMITS["line"]):
        yield f"a word of {size}", "true " + "w" * (size - 1) + rest, *big(size > LIMITS["line"] - 5, "too many characters in a command: more than 8192")
    for size in (1, 4000, 4096, 8000):
        yield f"a value of {size}", f"set a={'v' * size}" + rest, *big(size > 4080, "too many characters in variables: more than 4096")
    for count in (100, 300, 341, 400):
        yield f"{count} variables", "".join(f"set a{i:03}=\n" if i % 2 else f"set a{i:03}=x\n" for i in range(count)) + rest, None if count < 341 else 48, []
    for count, over in around(LIMITS["entries"]):
        text = "set timeout=0\n" + f'menuentry "e" {{\n{LINE}\n}}\n' * min(count, 900)
        yield f"{count} entries", text, *big(over, "too many entries: more than 64", at(2 + 3 * 64, 1))
    for count, over in around(LIMITS["functions"]):
        yield f"{count} functions", "".join(f"function f{i} {{\ntrue\n}}\n" for i in range(count)) + rest, *big(over, "too many functions: more than 48")
    for count, over in around(LIMITS["modules"]):
        yield f"{count} modules", entry(LINE, *["module /boot/module"] * count), *big(over, "too many modules: more than 32", at(4 + 32, 5))
    for count, over in around(LIMITS["nesting"]):
        text = "".join(f'submenu "s" {{\n' for i in range(count)) + f'menuentry "x" {{\n{LINE}\n}}\n' + "}\n" * count
        yield f"{count} submenus in one another", "set timeout=0\n" + text, *big(over, "too many submenus within submenus: more than 8", at(10, 1))
    for count, over in around(LIMITS["frames"] - 1):
        text = "if true; then\n" * count + "fi\n" * count + rest
        yield f"{count} ifs in one another", text, *big(over, "too many blocks and calls within one another: more than 32")
    for size in (254, 255, 256, 257, 1000, 7000):
        for what, path, over in (("name", "/boot/" + "n" * size, size > 255), ("path of names", "/n" * (size // 2), False)):
            code, words = (29, ["a name in it has more than 255 characters"]) if over else (26, ["no such file on the boot volume"])
            yield f"a {what} of {size}", entry(f"kernel {path}"), code, words
    for size in (1000, 8000, 17000):
        line = LINE + (" " + "a" * 99) * (size // 100)
        yield f"arguments of {size}", entry(line), *big(size > 8000, "too many characters in a command: more than 8192")
    for count in (1, 4, 5, 9):
        lines = [f"module /boot/module {'m' * 3500}"] * count
        yield f"arguments of {count} modules", entry(LINE, *lines), *big(count > 4, "too many characters: more than 16384")
    for size in (100, 4000, 9000, 20000):
        title = "t" * size
        yield f"a title of {size}", entry(LINE, title=title), *big(size > 8000, "too many characters in a command: more than 8192")
    for count in (10, 1000, 5000):
        yield f"{count} unknown commands", "what\n" * count + rest, None, []
    for size in (1000, 8000):
        yield f"a quote of {size}", entry(f'kernel "{"q" * size}"'), 29, ["it does not start with /"]
        yield f"an unknown command of {size}", entry("x" * size), 40, ["unknown command"]
        yield f"an option of {size}", entry(f"kernel --{'o' * size} {KERNEL}"), 46, ["kernel has no option"]


def cases():
    for group in (language, requests, limits):
        for what, text, code, words in group():
            yield f"{group.__name__}: {what}", run, (text, code, words)
