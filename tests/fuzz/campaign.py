#!/usr/bin/python3
"""Runs the fuzzers: each for a stated time (make fuzz), or until each has a stated number of executions (make fuzz-campaign).

  campaign.py --seconds 20 [TARGET ...]           each once, for so long; exit status 1 if one found something
  campaign.py --executions 50000000 [TARGET ...]  in pieces, which are counted over restarts; one process, two while the
                                                  machine has nothing else to do
  campaign.py --merge [TARGET ...]                what the campaign found that reaches more than the seeds, into tests/fuzz/corpus
  campaign.py --table                             what stands in the table so far

BUILD (build) has the programs. BUILD/fuzz/campaign/ keeps what was found: NAME/ the inputs, NAME.json the counts, finding/ what
stops a target, table.txt the table. A finding is a crash, a sanitizer's report, more than a second of processor time
for one input, or more memory than MEMORY_MAX. A target with a finding does not go on until that is gone from finding/.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get('BUILD', 'build'))
STATE = BUILD / 'fuzz/campaign'
FINDINGS = STATE / 'finding'
MEMORY_MAX = 1024  # MiB
SLOW = 1.0         # seconds of processor time
PIECE = 300        # seconds of a campaign's piece; the first round is shorter, so that all targets are seen soon
FIRST_PIECE = 60
MERGED_MAX = 2048  # bytes: targets with longer inputs are not merged into the repository
IDLE = 1.4         # load below which there is room for a second process

# Longest input of each, in bytes. Short ones are fast, and what is behind a long one is reached by a compact form.
LENGTHS = {
    'options': 304, 'video': 1200, 'menu': 256, 'memory': 512, 'relocate': 2048, 'notes': 1024, 'partition': 20608, 'gpt': 1024,
    'fat': 24576, 'iso': 40961, 'ext': 49152, 'elf32': 1024, 'elf64': 1536, 'multiboot1': 1024, 'multiboot2': 1024, 'linux': 1024,
    'multiboot': 1024, 'kernel': 2048, 'gzip': 1024, 'unlzma': 512, 'config': 1024, 'paging': 256, 'plan': 512, 'chain': 2048,
}


def targets():
    names = sorted(path.stem[len('fuzz_'):] for path in HERE.glob('fuzz_*.c'))
    assert set(names) == set(LENGTHS), f'LENGTHS and the files differ: {set(names) ^ set(LENGTHS)}'
    return names


def program(name):
    return BUILD / f'fuzz/fuzz_{name}'


def load(name):
    try:
        return json.loads((STATE / f'{name}.json').read_text())
    except (OSError, ValueError):
        return {'executions': 0, 'seconds': 0, 'edges': 0, 'features': 0, 'corpus': 0}


def findings(name):
    return sorted(FINDINGS.glob(f'{name}-*'))


def is_slow(name, path):
    """Once more, alone, by processor time: a busy machine makes any input slow."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program(name), path], capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime > SLOW


class Run:
    """One process of one target, for some seconds or executions. libFuzzer's entropic schedule finds more at first, and
    takes half of the time once all has been seen."""

    def __init__(self, name, seconds, executions=-1, nice=0, entropic=True):
        self.name = name
        corpus = STATE / name
        corpus.mkdir(parents=True, exist_ok=True)
        FINDINGS.mkdir(exist_ok=True)
        command = ['nice', '-n', str(nice), program(name), f'-max_total_time={seconds}', f'-runs={executions}', '-timeout=20',
                   '-report_slow_units=1', f'-max_len={LENGTHS[name]}', f'-rss_limit_mb={MEMORY_MAX}', '-print_final_stats=1',
                   f'-entropic={int(entropic)}', f'-artifact_prefix={FINDINGS}/{name}-']
        dictionary = HERE / f'{name}.dict'
        if dictionary.exists():
            command.append(f'-dict={dictionary}')
        self.log = STATE / f'{name}.log'
        self.started = time.monotonic()
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(command + [corpus, HERE / 'corpus' / name], stdout=subprocess.DEVNULL, stderr=log)

    def finish(self):
        """Adds what it did to the counts; the number of executions. 72 is libFuzzer stopped by a signal."""
        status = self.process.wait()
        text = self.log.read_text(errors='replace')
        for path in FINDINGS.glob(f'{self.name}-slow-unit-*'):
            if not is_slow(self.name, path):
                path.unlink()
        done = re.search(r'number_of_executed_units: (\d+)', text)
        last = re.findall(r'cov: (\d+) ft: (\d+) corp: (\d+)', text)
        counts = load(self.name)
        executions = int(done[1]) if done else 0
        counts['executions'] += executions
        counts['seconds'] += time.monotonic() - self.started
        if last:
            counts['edges'], counts['features'], counts['corpus'] = map(int, last[-1])
        if status not in (0, 72) and not findings(self.name):
            (FINDINGS / f'{self.name}-died').write_text(text[-4000:])
        (STATE / f'{self.name}.json').write_text(json.dumps(counts))
        return executions


def table():
    lines = ['| target | executions | seconds | a second | edges | features | inputs | findings |', '| --- ' * 8 + '|']
    total = seconds = found = 0
    for name in targets():
        counts, count = load(name), len(findings(name))
        rate = counts['executions'] / counts['seconds'] if counts['seconds'] else 0
        lines.append(f'| {name} | {counts["executions"]:,} | {counts["seconds"]:,.0f} | {rate:,.0f} | {counts["edges"]} | '
                     f'{counts["features"]} | {counts["corpus"]} | {count} |')
        total, seconds, found = total + counts['executions'], seconds + counts['seconds'], found + count
    lines.append(f'| **all** | {total:,} | {seconds:,.0f} | {total / seconds if seconds else 0:,.0f} | | | | {found} |')
    return '\n'.join(lines) + '\n'


def for_seconds(names, seconds):
    """Each once; what they found."""
    for name in names:
        run = Run(name, seconds)
        executions = run.finish()
        print(f'{name:12} {executions:12,} executions  {executions / seconds:10,.0f} a second  '
              f'{"FINDING: see " + str(FINDINGS) if findings(name) else "nothing found"}', flush=True)
    return any(findings(name) for name in names)


def next_target(names, goal, running):
    """First a short piece of each; then the fastest that is not done."""
    def key(name):
        counts = load(name)
        rate = counts['executions'] / max(counts['seconds'], 1)
        return counts['seconds'] > 0, -rate
    left = [name for name in names if name not in running and not findings(name) and load(name)['executions'] < goal]
    return min(left, key=key) if left else None


def campaign(names, goal):
    """One process, or two while nobody else wants the machine."""
    running = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        while True:
            room = 2 if os.getloadavg()[0] < IDLE else 1
            name = next_target(names, goal, running) if len(running) < room else None
            if name:
                counts = load(name)
                first = not counts['seconds']
                running[name] = Run(name, FIRST_PIECE if first else PIECE, goal - counts['executions'], nice=19, entropic=first)
            elif not running:
                return
            for name in [name for name, run in running.items() if run.process.poll() is not None]:
                running.pop(name).finish()
                (STATE / 'table.txt').write_text(table())
            time.sleep(1)
    finally:
        for run in running.values():
            run.process.terminate()
            run.finish()


def merge(names):
    """Adds to the seeds what reaches code that they do not. Volumes are long, and stay with the campaign."""
    for name in names:
        corpus = HERE / 'corpus' / name
        if LENGTHS[name] <= MERGED_MAX:
            subprocess.run([program(name), '-merge=1', '-use_counters=0', f'-max_len={LENGTHS[name]}', corpus, STATE / name], check=True,
                           capture_output=True)
        sizes = [path.stat().st_size for path in corpus.iterdir()]
        print(f'{name:12} {len(sizes):5} inputs {sum(sizes):9,} bytes', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=int)
    parser.add_argument('--executions', type=int)
    parser.add_argument('--merge', action='store_true')
    parser.add_argument('--table', action='store_true')
    parser.add_argument('targets', nargs='*')
    wanted = parser.parse_args()
    names = wanted.targets or targets()
    STATE.mkdir(parents=True, exist_ok=True)
    if wanted.seconds:
        sys.exit(for_seconds(names, wanted.seconds))
    if wanted.executions:
        campaign(names, wanted.executions)
    if wanted.merge:
        merge(names)
    print(table(), end='')
    sys.exit(any(findings(name) for name in names))


if __name__ == '__main__':
    main()
