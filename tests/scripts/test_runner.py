"""The runner of script tests must be able to fail: it is tried with small scripts of the shell."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import run
import script_file


def problems_of(text):
    return run.run_in_folder(script_file.parse(text), "/bin/true")


class RunnerTest(unittest.TestCase):
    def test_passes_what_holds(self):
        text = "[file a/b.txt]\none\n[run]\n$ cat a/b.txt\n= one\n~ ^o\n!~ two\nerr empty\n"
        self.assertEqual(problems_of(text), [])

    def test_wrong_exit_code(self):
        self.assertIn("exit code 3, not 0", problems_of("[run]\n$ exit 3\n")[0])
        self.assertEqual(problems_of("[run]\n$ exit 3\n? 2|3\n"), [])

    def test_each_expectation_can_fail(self):
        for line in ("~ nothing", "= on", "!~ one", "out empty", "err~ one", "out!~ one"):
            with self.subTest(line):
                self.assertTrue(problems_of(f"[run]\n$ echo one\n{line}\n"))

    def test_commands_stop_at_the_first_failure(self):
        text = "[run]\n$ false\n$ echo second; false\n"
        self.assertEqual(sum("exit code" in p for p in problems_of(text)), 1)

    def test_lines_of_a_command_go_on(self):
        self.assertEqual(problems_of("[run]\n$ echo a\n> echo b\n= a\n= b\n"), [])

    def test_a_process_that_stays_is_found_and_ended(self):
        before = run.LEFT_OVER_SECONDS
        run.LEFT_OVER_SECONDS = 0.2
        try:
            text = "[run]\n$ setsid sleep 300 >/dev/null 2>&1 </dev/null &\n"
            problems = problems_of(text)
        finally:
            run.LEFT_OVER_SECONDS = before
        self.assertIn("left a process behind", problems[0])
        self.assertIn("sleep 300", problems[0])

    def test_staging_files_are_found(self):
        problems = problems_of("[run]\n$ mkdir out; touch out/.x.tmp\n")
        self.assertEqual(problems, ["left a staging file behind: out/.x.tmp"])

    def test_broken_files_are_refused(self):
        for text in ("", "[run]\n~ early\n", "text\n[run]\n$ true\n", "[run]\n$ true\n~ (\n"):
            with self.subTest(text), self.assertRaises(script_file.ScriptError):
                script_file.parse(text)

    def test_a_missing_program_is_a_failure(self):
        with tempfile.NamedTemporaryFile("w", suffix=".test", dir=run.HERE) as file:
            file.write("[needs no-such-program]\n[run]\n$ true\n")
            file.flush()
            _, problems, _ = run.run_script(pathlib.Path(file.name), "/bin/true")
        self.assertEqual(problems, ["needs the program 'no-such-program'"])


if __name__ == "__main__":
    unittest.main()
