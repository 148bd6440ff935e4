"""Luigi 3.8 on two works: luigi_works.py chain N | fan N. Prints the seconds without start and imports.

Luigi has no server here (local scheduler) and keeps its state as files, without fsync.
"""

import logging
import pathlib
import subprocess
import sys
import tempfile
import time

import luigi

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="luigi-", dir="."))


class True_(luigi.Task):
    """Runs `true` and leaves a file, after `number - 1` (chain) or after task 0 (fan)."""

    number = luigi.IntParameter()
    shape = luigi.Parameter()
    last = luigi.IntParameter()

    def requires(self):
        def make(number):
            return True_(number=number, shape=self.shape, last=self.last)

        if self.number == 0:
            return []
        if self.shape == "chain":
            return [make(self.number - 1)]
        return [make(n) for n in range(1, self.last)] if self.number == self.last else [make(0)]

    def output(self):
        return luigi.LocalTarget(str(FOLDER / str(self.number)))

    def run(self):
        subprocess.run(["true"], check=True)
        with self.output().open("w") as file:
            file.write("done\n")


def main():
    shape, count = sys.argv[1], int(sys.argv[2])
    last = count - 1 if shape == "chain" else count + 1
    logging.disable(logging.CRITICAL)
    begun = time.monotonic()
    done = luigi.build(
        [True_(number=last, shape=shape, last=last)],
        local_scheduler=True,
        workers=1 if shape == "chain" else 2,
        log_level="CRITICAL",
    )
    seconds = time.monotonic() - begun
    if not done or len(list(FOLDER.iterdir())) != last + 1:
        sys.exit("luigi_works.py: not all tasks were done")
    print(f"{seconds:.4f}")


if __name__ == "__main__":
    main()
