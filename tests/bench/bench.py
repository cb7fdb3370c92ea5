"""make bench: Aloft beside GRUB, syslinux and the limit program; see docs/performance.md.

  bench.py                 counts and times of everything; also into build/bench/results.json
  bench.py --counts        counts only, of what the bars for small kernels need
  bench.py --only=MEDIUM   of one medium: ahci, virtio, ide, cd-ahci, cd-ide, floppy; more than one: separated by commas
  bench.py --kernels=LIST  of these kernels only: 64K, 4M, 64M, debug
  bench.py --runs=N        timed boots of each loader, 5 if not given; of the two large kernels half as many
  bench.py --techniques    times of the limit program with what it avoids: small transfers, an odd buffer and so on
  bench.py --profile=LOADER  of one of Aloft's boots, the instructions of each function; with --only and --kernels
  bench.py --markdown      measures nothing: writes what was measured last into docs/performance.md

The exit status is 1 if a count misses its bar (bars.py).
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import bars
import boots
import images
import kernels
import machine
import profiles

RESULTS = machine.BUILD / "bench/results.json"
DOCUMENT = machine.ROOT / "docs/performance.md"
BEGIN, END = "<!-- written by tests/bench/bench.py --markdown -->\n", "<!-- end of what bench.py writes -->\n"
LARGE = ("64M", "debug")
# 200 MiB through the BIOS's programmed I/O take GRUB minutes and show nothing else than the other media do.
DEBUG_MEDIA = ("ahci", "virtio", "cd-ahci")

# What the limit program does otherwise, and how it is told.
TECHNIQUES = {"calls of 128 sectors": "", **{f"of {n}": f"-DLARGEST={n}" for n in (127, 64, 32, 8, 1)},
              "of 64 to an odd address": "-DLARGEST=64 -DODD=1", "`rep movsb`": "-DBYTES",
              "the stack in the page of the code": "-DSTACK=0x7c00"}
TECHNIQUE_MEDIA = ("ahci", "virtio", "ide")


def measure_counts(cases):
    """{case: figures}; a case is a medium (or variant), a kernel and a loader. One image serves all media of a form."""
    made, results = {}, {}
    with tempfile.TemporaryDirectory(dir=RESULTS.parent) as folder:
        for medium, kernel, loader in sorted(cases):
            key = boots.form(medium), kernel, loader
            if key not in made:
                made[key] = images.make(pathlib.Path(folder) / f"{key[0]}-{kernel}", *key)
            image, disk = made[key]
            results[medium, kernel, loader] = {**boots.boot(image, medium, counts=True), "disk": disk, "times": []}
    return results


def measure_group(medium, kernel, runs):
    """Counts of each loader, then its times: in turn, and each round begins with another one."""
    results, form = {}, boots.form(medium)
    names = images.loaders(form)
    with tempfile.TemporaryDirectory(dir=RESULTS.parent) as folder:
        made = {name: images.make(folder, form, kernel, name) for name in names}
        for name, (image, disk) in made.items():
            results[medium, kernel, name] = {**boots.boot(image, medium, counts=True), "disk": disk, "times": []}
        for turn in range(runs):
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                seconds = boots.boot(made[name][0], medium, counts=False)["seconds"]
                results[medium, kernel, name]["times"].append(seconds)
    return results


def table(rows):
    """Markdown whose columns are straight also where it is not rendered."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(cells) + " |")
        if not number:
            lines.append("| " + " | ".join(["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]) + " |")
    return "\n".join(lines) + "\n"


def number(value):
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def ratio(times, others):
    """The median over the rounds, not of them: what slows the machine down slows down a round."""
    return statistics.median(one / other for one, other in zip(times, others))


def milliseconds(seconds):
    return f"{seconds * 1000:.1f}"


def group_table(results, medium, kernel):
    head = ["loader", "instructions", "`rep`", "INT 13h", "requests", "bytes read", "on disk", "ms", "from - to", "over limit",
            "Aloft over it"]
    rows = [head]
    group = {loader: figures for (where, what, loader), figures in results.items() if (where, what) == (medium, kernel)}
    for loader in images.LOADERS:
        if loader not in group:
            continue
        figures = group[loader]
        times, cells = figures["times"], [number(figures[name]) for name in ("loader", "rep", "int13", "requests", "bytes", "disk")]
        if times:
            cells += [milliseconds(statistics.median(times)), f"{milliseconds(min(times))} - {milliseconds(max(times))}",
                      f"{ratio(times, group['limit']['times']):.2f}", f"{ratio(group[images.ours(kernel)]['times'], times):.2f}"]
        rows.append([loader, *cells, *["-"] * (len(head) - 1 - len(cells))])
    return table(rows)


def time_table(results):
    """Aloft's times against the bars, for each medium and kernel."""
    rows = [["medium, kernel", "Aloft, ms", "bar by the limit", "bar by the fastest peer", "met"]]
    for medium, kernel in groups_in(results):
        median = {loader: statistics.median(figures["times"]) for (where, what, loader), figures in results.items()
                  if (where, what) == (medium, kernel) and figures["times"]}
        if images.ours(kernel) not in median:
            continue
        fastest = min(median[peer] for peer in images.PEERS if peer in median)
        demanded = bars.time_bar(kernel, median["limit"], fastest)
        ours = median[images.ours(kernel)]
        met = " and ".join(which for which, most in zip(("limit", "peer"), demanded) if ours <= most) or "neither"
        rows.append([f"{medium}, {kernel}", milliseconds(ours), *map(milliseconds, demanded), met])
    return table(rows) if len(rows) > 1 else ""


def bar_table(judged):
    rows = [["figure", "now", "bar", "ceiling"]]
    for bar, value, is_within in judged:
        rows.append([bar.name + ("" if is_within else " (MISSED)"), number(value), number(bar.bar),
                     number(bar.ceiling) if bar.ceiling else "-"])
    return table(rows)


def groups_in(results):
    here = {(medium, kernel) for medium, kernel, _ in results if medium in boots.MEDIA}
    return [(medium, kernel) for kernel in kernels.SIZES for medium in boots.MEDIA if (medium, kernel) in here]


def load():
    saved = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return {tuple(key.split("/")): value for key, value in saved.items()}


def save(results):
    RESULTS.write_text(json.dumps({"/".join(key): value for key, value in results.items()}, indent=1))


def say(text):
    print(text, flush=True)


def run_counts(only):
    cases = set().union(*(bars.needs(bar) for bar in bars.quick()))
    results = measure_counts([case for case in cases if not only or case[0] in only])
    judged = bars.judge(bars.quick(), results)
    say(bar_table(judged))
    return judged


def run_all(only, which, runs):
    results = load()
    for kernel in which or kernels.SIZES:
        for medium in only or boots.MEDIA:
            if not images.fits(boots.form(medium), kernel) or (kernel == "debug" and medium not in DEBUG_MEDIA):
                continue
            group = measure_group(medium, kernel, max(2, runs // 2) if kernel in LARGE else runs)
            results = {key: value for key, value in results.items() if key[:2] != (medium, kernel)} | group
            save(results)
            say(f"{kernel} on {medium}\n\n{group_table(results, medium, kernel)}")
    growth = {case for bar in bars.BARS for case in bars.needs(bar) if case[0] in boots.VARIANTS or case[2] in images.BARE}
    if not only:
        results.update(measure_counts(growth))
        save(results)
    judged = bars.judge(bars.BARS, results)
    say(f"{time_table(results)}\n{bar_table(judged)}")
    return judged


def run_techniques(runs):
    """The limit program's times, in the same way as measure_group(), with a 4 MiB kernel."""
    results = {}
    with tempfile.TemporaryDirectory(dir=RESULTS.parent) as folder:
        made = {}
        for name, defines in TECHNIQUES.items():
            where = pathlib.Path(folder) / str(len(made))
            where.mkdir()
            made[name], _ = images.limit(where, "disk", "4M", defines)
        for medium in TECHNIQUE_MEDIA:
            for turn in range(runs):
                for name in [*TECHNIQUES][turn:] + [*TECHNIQUES][:turn]:
                    key = "technique", medium, name
                    results.setdefault(key, {"times": []})["times"].append(boots.boot(made[name], medium, False)["seconds"])
    save(load() | results)
    say(technique_table(results))


def technique_table(results):
    rows = [["4 MiB, the limit program with", *(f"{medium}, ms" for medium in TECHNIQUE_MEDIA)]]
    for name in TECHNIQUES:
        times = [results.get(("technique", medium, name)) for medium in TECHNIQUE_MEDIA]
        if all(times):
            rows.append([name, *(milliseconds(statistics.median(each["times"])) for each in times)])
    return table(rows)


def run_profile(medium, kernel, loader):
    if loader not in images.LOADERS:
        sys.exit(f"bench: {loader} is none of {'; '.join(images.LOADERS)}")
    blocks, counts = profiles.profile(medium, kernel, loader)
    rows = [[f"{kernel} on {medium}", "instructions, iterations"], *([f"`{name}`", number(count)] for count, name in counts)]
    say(f"{number(blocks)} blocks were translated.\n\n{table(rows)}")


def write_document(results):
    lacking = [name for name in TECHNIQUES if any(("technique", medium, name) not in results for medium in TECHNIQUE_MEDIA)]
    if lacking or not groups_in(results):
        sys.exit("bench: the page has tables of which nothing was measured yet: run it without options, and with --techniques")
    parts = ["### The bars\n\n" + bar_table(bars.judge(bars.BARS, results)),
             "### Times against their bars\n\n" + time_table(results)]
    parts += ["### What the BIOS makes slow\n\n" + technique_table(results)]
    parts += [f"### {kernel} on {medium}\n\n{group_table(results, medium, kernel)}" for medium, kernel in groups_in(results)]
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(text[:text.index(BEGIN) + len(BEGIN)] + "\n" + "\n".join(parts) + "\n" + text[text.index(END):])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--kernels", default="")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--techniques", action="store_true")
    parser.add_argument("--profile", default="")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    only, which = options.only.split(",") if options.only else [], options.kernels.split(",") if options.kernels else []
    for word, known in [(word, boots.MEDIA) for word in only] + [(word, kernels.SIZES) for word in which]:
        if word not in known:
            sys.exit(f"bench: {word} is none of {', '.join(known)}")
    if options.markdown:
        write_document(load())
        return
    problem = boots.why_not() or (not options.counts and images.missing())
    if problem:
        sys.exit(f"bench: {problem}" if isinstance(problem, str) else f"bench: make setup installs what is missing: {problem}")
    if options.techniques:
        run_techniques(options.runs)
        return
    if options.profile:
        run_profile(*only[:1] or ["ahci"], *which[:1] or ["64K"], options.profile)
        return
    judged = run_counts(only) if options.counts else run_all(only, which, options.runs)
    missed = [bar.name for bar, _, is_within in judged if not is_within]
    sys.exit(f"bench: missed: {'; '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
