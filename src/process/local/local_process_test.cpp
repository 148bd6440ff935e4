#include "process/local/local_process.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <sstream>

#include "process/local/fork_link.hpp"
#include "process/local/local_test_support.hpp"

namespace cordyna::local_test {
namespace {

std::string error_of(const Outcome& outcome) {
  if (!outcome.error.has_value()) return std::string(to_string(outcome.state));
  return std::string(info(outcome.error->code).name) + ": " + outcome.error->message;
}

TEST(LocalProcessTest, ATaskCompletesWithItsOutputsLogAndArtifacts) {
  const TestState state;
  TestOwner owner(state);
  const Outcome outcome = owner.run(
      "echo hello; echo oops >&2; echo rows=3 > $DYNA_OUTPUTS; echo x > $DYNA_ARTIFACTS/a.csv;"
      "echo scratch > $DYNA_WORK/s");
  EXPECT_EQ(outcome.state, AttemptState::kCompleted);
  EXPECT_EQ(outcome.outputs,
            R"({"rows":"3","files":{"a.csv":")" + state.folder(0) + R"(/artifacts/a.csv"}})");
  const std::string log = read_text(state.folder(0) + "/log");
  EXPECT_NE(log.find(" hello\n"), std::string::npos) << log;
  EXPECT_NE(log.find(" oops\n"), std::string::npos) << log;
  EXPECT_FALSE(std::filesystem::exists(state.folder(0) + "/work/s"));
}

TEST(LocalProcessTest, FailuresSayWhatHappened) {
  const TestState state;
  TestOwner owner(state);
  const std::vector<std::pair<std::string, std::string>> rows{
      {"exit 3", "EXIT_NONZERO: exit code 3"},
      {"echo 'no such table' >&2; echo >&2; exit 4", "EXIT_NONZERO: exit code 4: no such table"},
      {"kill -SEGV $$", "SIGNALLED: ended by signal 11 (SIGSEGV)"},
      {"kill -KILL $$",
       "OUT_OF_MEMORY: killed by SIGKILL from outside, most often because memory ran out"},
      {"echo nonsense > $DYNA_OUTPUTS",
       "OUTPUT_INVALID: $DYNA_OUTPUTS: line 1 ('nonsense') is not name=value"},
      {"ln -s /etc/passwd $DYNA_OUTPUTS",
       "OUTPUT_INVALID: $DYNA_OUTPUTS: outputs is a symbolic link; it must be a regular file"}};
  for (TaskIndex task = 0; task < rows.size(); ++task) {
    owner.process().start(make_start(rows[task].first, task));
  }
  for (TaskIndex task = 0; task < rows.size(); ++task) {
    EXPECT_EQ(error_of(owner.reports().wait_ended("t" + std::to_string(task))), rows[task].second);
  }
}

TEST(LocalProcessTest, ProgramsThatCannotStartAreNamed) {
  const TestState state;
  const auto file = [&](const std::string& name, const std::string& text, mode_t mode) {
    write_text(state.path(name), text);
    chmod(state.path(name).c_str(), mode);
    return state.path(name);
  };
  const std::string plain = file("plain", "#!/bin/sh\n", 0644);
  const std::string lost = file("lost", "#!/no/such/interpreter\n", 0755);
  const std::string noise = file("noise", "no program\n", 0755);
  const std::vector<std::pair<std::string, std::string>> rows{
      {"no-such-program", "SPAWN_FAILED: program 'no-such-program' was not found in PATH (/a:/b)"},
      {"/no/such", "SPAWN_FAILED: program '/no/such' does not exist"},
      {plain,
       "SPAWN_FAILED: '" + plain + "' is not executable (Permission denied); chmod +x makes it so"},
      {lost, "SPAWN_FAILED: '" + lost +
                 "' cannot be started: the interpreter that its first line names does not exist"},
      {noise, "SPAWN_FAILED: '" + noise +
                  "' is not a program: neither a binary for this machine nor a script with a "
                  "first line '#!…'"},
      {"/etc", "SPAWN_FAILED: '/etc' is a folder, not a program"}};
  TestOwner owner(state, [&](const StartAttempt& command, const AttemptPaths&, Launch& launch) {
    launch.argv = {rows[command.task].first};
    launch.env = {{"PATH", "/a:/b"}};
  });
  for (TaskIndex task = 0; task < rows.size(); ++task) {
    owner.process().start(make_start("", task));
    EXPECT_EQ(error_of(owner.reports().wait_ended("t" + std::to_string(task))), rows[task].second);
  }
}

TEST(LocalProcessTest, AMissingFolderIsNamed) {
  const TestState state;
  TestOwner owner(state, [](const StartAttempt&, const AttemptPaths&, Launch& launch) {
    launch.folder = "/no/such/folder";
  });
  EXPECT_EQ(error_of(owner.run("true")),
            "SPAWN_FAILED: the working folder '/no/such/folder': No such file or directory");
}

TEST(LocalProcessTest, APreparationThatFailsIsAnEndedAttempt) {
  const TestState state;
  TestOwner owner(state, [](const StartAttempt&, const AttemptPaths&, Launch& launch) {
    launch.env = {{"A", std::string("x\0y", 3)}};
  });
  const Outcome outcome = owner.run("true");
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kInputInvalid);
  EXPECT_EQ(outcome.error->phase, Phase::kPrepare);
  EXPECT_FALSE(std::filesystem::exists(state.folder(0)));
}

// S13, S14.
TEST(LocalProcessTest, ValuesReachTheProgramByteForByte) {
  const TestState state;
  const std::vector<std::string> values{"$(touch /tmp/x) `id` ; | & > < * ? ~ ! # %",
                                        "quotes ' \" \\ \\n",
                                        "line\nbreak\n\n",
                                        "-rf --help",
                                        "\xff\xfe not utf8",
                                        "{{ 7*7 }} ${PATH}",
                                        std::string(100'000, 'x')};
  setenv("LC_ALL", "C", 1);
  setenv("DYNA_SECRET_TOKEN", "s3cret", 1);
  TestOwner owner(state, [&](const StartAttempt& command, const AttemptPaths&, Launch& launch) {
    launch.env = {
        {"VALUE", values[command.task]}, {"DYNA_FENCE", "forged"}, {"DYNA_OUTPUTS", "/tmp/forged"}};
    launch.argv.emplace_back("sh");
    launch.argv.push_back(values[command.task]);
  });
  for (TaskIndex task = 0; task < values.size(); ++task) {
    owner.process().start(make_start(
        "printf %s \"$VALUE\" > $DYNA_ARTIFACTS/env; printf %s \"$1\" > $DYNA_ARTIFACTS/arg;"
        "env > $DYNA_ARTIFACTS/all; echo fence=$DYNA_FENCE > $DYNA_OUTPUTS",
        task));
    const Outcome outcome = owner.reports().wait_ended("t" + std::to_string(task));
    ASSERT_EQ(outcome.state, AttemptState::kCompleted) << error_of(outcome);
    EXPECT_NE(outcome.outputs.find(R"("fence":"1000001")"), std::string::npos) << outcome.outputs;
    EXPECT_EQ(read_text(state.folder(task) + "/artifacts/env"), values[task]);
    EXPECT_EQ(read_text(state.folder(task) + "/artifacts/arg"), values[task]);
  }
  const std::string all = read_text(state.folder(3) + "/artifacts/all");
  EXPECT_NE(all.find("LC_ALL=C\n"), std::string::npos);
  EXPECT_NE(all.find("DYNA_ATTEMPT=0190d4a5-0000-7000-8000-000000000001/t3/1\n"),
            std::string::npos);
  EXPECT_EQ(all.find("DYNA_SECRET"), std::string::npos);
  unsetenv("DYNA_SECRET_TOKEN");
  EXPECT_EQ(access(state.path("x").c_str(), F_OK), -1);
}

TEST(LocalProcessTest, TheTaskHasThreeOpenFiles) {
  const TestState state;
  TestOwner owner(state, [](const StartAttempt&, const AttemptPaths&, Launch& launch) {
    launch.argv = {"/bin/ls", "-l", "/proc/self/fd"};
  });
  ASSERT_EQ(owner.run("").state, AttemptState::kCompleted);
  const std::string log = read_text(state.folder(0) + "/log");
  EXPECT_NE(log.find(" 0 -> /dev/null\n"), std::string::npos) << log;
  EXPECT_NE(log.find(" 1 -> pipe:"), std::string::npos) << log;
  EXPECT_NE(log.find(" 2 -> pipe:"), std::string::npos) << log;
  EXPECT_NE(log.find(" 3 -> /proc/"), std::string::npos) << log;  // the listed folder itself
  EXPECT_EQ(log.find(" 4 -> "), std::string::npos) << log;
}

TEST(LocalProcessTest, TheTaskHasDefaultSignals) {
  const TestState state;
  ::signal(SIGHUP, SIG_IGN);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  TestOwner owner(state);
  const Outcome outcome =
      owner.run("sed -n 's/^Sig\\(Blk\\|Ign\\):\t//p' /proc/self/status > $DYNA_ARTIFACTS/signals");
  ::signal(SIGHUP, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_EQ(outcome.state, AttemptState::kCompleted) << error_of(outcome);
  // Signals 32 and 33 are the C library's own: whoever ignored them keeps them ignored.
  std::istringstream signals(read_text(state.folder(0) + "/artifacts/signals"));
  std::uint64_t blocked_mask = 1;
  std::uint64_t ignored_mask = 1;
  signals >> std::hex >> blocked_mask >> ignored_mask;
  EXPECT_EQ(blocked_mask, 0U);
  EXPECT_EQ(ignored_mask & 0x7fffffff, 0U);
}

// S30.
TEST(LocalProcessTest, SecretsLeaveNoTraceInTheStateFolder) {
  const TestState state;
  const std::string secret = "c4nary-s3cret-value";
  TestOwner owner(state, [&](const StartAttempt&, const AttemptPaths&, Launch& launch) {
    launch.env = {{"TOKEN", secret}};
    launch.masks = {secret};
  });
  const Outcome outcome = owner.run(
      "printf %.8s $TOKEN; printf %s\\\\n ${TOKEN#????????}; printf %s $TOKEN | base64;"
      "echo fatal: $TOKEN is wrong >&2; exit 1");
  EXPECT_EQ(error_of(outcome), "EXIT_NONZERO: exit code 1: fatal: *** is wrong");
  owner.leave();
  state.wait_unused();  // its guardian takes empty folders for its next attempt
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(state.folder(0))) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string text = read_text(entry.path().string());
    EXPECT_EQ(text.find("c4nary"), std::string::npos) << text;
    EXPECT_EQ(text.find("YzRuYXJ5"), std::string::npos) << text;
  }
  EXPECT_EQ(files, 2);  // exit, log
}

TEST(LocalProcessTest, LargeLaunchFilesArriveWhole) {
  const TestState state;
  const std::string content(std::size_t{2} << 20, 'f');
  TestOwner owner(state, [&](const StartAttempt&, const AttemptPaths& paths, Launch& launch) {
    launch.files = {{"data", content}};
    launch.env = {{"DATA", paths.folder + "/data"}};
  });
  EXPECT_EQ(owner.run("echo n=$(wc -c < $DATA) > $DYNA_OUTPUTS").outputs, R"({"n":"2097152"})");
}

TEST(LocalProcessTest, OutputIsCappedAndTheTaskGoesOn) {
  const TestState state;
  LocalSettings settings;
  settings.log_bytes_max = 10'000;
  TestOwner owner(state, {}, settings);
  const Outcome outcome =
      owner.run("head -c 3000000 /dev/zero | tr '\\0' x; echo k=v > $DYNA_OUTPUTS");
  EXPECT_EQ(outcome.outputs, R"({"k":"v"})") << error_of(outcome);
  const std::string log = read_text(state.folder(0) + "/log");
  EXPECT_LT(log.size(), 20'000U);
  EXPECT_NE(log.find("larger than its cap"), std::string::npos);
}

TEST(LocalProcessTest, AFullDiskFailsTheAttempt) {
  const TestState state;
  const std::string folder = state.layout().folder();
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "this user may not mount a small file system";
  }
  {
    TestOwner owner(state);
    const Outcome outcome =
        owner.run("while :; do echo 0123456789012345678901234567890123456; done");
    EXPECT_EQ(error_of(outcome), "NO_SPACE: its log cannot be written: No space left on device");
    EXPECT_NE(read_text(state.folder(0) + "/exit").find("disk_full"), std::string::npos);
    // There is no room for the folder of another one.
    owner.process().start(make_start("true", 1));
    EXPECT_EQ(owner.reports().wait_ended("t1").error->code, TaskErrorCode::kNoSpace);
  }
  state.wait_unused();
  umount2(folder.c_str(), MNT_DETACH);
}

TEST(LocalProcessTest, AFolderThatCannotBeMadeFailsTheAttempt) {
  const TestState state;
  TestOwner owner(state);
  // Nothing can be made in runs/ where it is a file.
  write_text(state.layout().folder() + "/runs", "");
  const Outcome outcome = owner.run("true");
  EXPECT_EQ(outcome.state, AttemptState::kFailed);
  EXPECT_NE(error_of(outcome).find("Not a directory"), std::string::npos) << error_of(outcome);
}

TEST(LocalProcessTest, AForkServerThatCannotStartIsSaidAtOnce) {
  const TestState state;
  SystemClock clock;
  ScriptPreparer preparer;
  Reports reports;
  LocalProcess process(state.layout(), {{"/no/such/dyna", "supervise", "x"}},
                       {{"shell", &preparer}}, clock, reports.sink());
  process.start(make_start("true"));
  EXPECT_EQ(error_of(reports.wait_ended("t0")),
            "SPAWN_FAILED: the fork server cannot be started: /no/such/dyna: No such file or "
            "directory");
}

TEST(LocalProcessTest, TwoOwnersBeginAnAttemptOnce) {
  const TestState state;
  TestOwner first(state);
  TestOwner second(state);
  const std::string script = "echo ran >> " + state.path("count");
  for (TaskIndex task = 0; task < 20; ++task) {
    first.process().start(make_start(script, task));
    second.process().adopt(make_start(script, task));
    first.process().start(make_start(script, task));
  }
  // What the first had not begun when the second came, the fence keeps from it.
  for (TaskIndex task = 0; task < 20; ++task) {
    const std::string path = "t" + std::to_string(task);
    EXPECT_EQ(second.reports().wait_ended(path).state, AttemptState::kCompleted);
  }
  EXPECT_EQ(read_text(state.path("count")).size(), 20 * std::string("ran\n").size());
}

TEST(LocalProcessTest, AForkServerThatNobodyNeededEnds) {
  const TestState state;
  {
    const std::vector<std::string> argv{self_path(), "supervise", state.layout().folder()};
    const local::ServerStart starting(state.layout(), argv);
  }
  state.wait_unused();
  EXPECT_FALSE(std::filesystem::exists(state.layout().supervise_socket()));
}

TEST(LocalProcessTest, AnAttemptThatLeftNothingIsKnownWithoutAFolder) {
  const TestState state;
  {
    TestOwner owner(state);
    EXPECT_EQ(owner.run("exit 3").error->exit_code, 3);
    owner.process().start(make_start("echo printed", 1));
    EXPECT_EQ(owner.reports().wait_ended("t1").state, AttemptState::kCompleted);
  }
  state.wait_unused();
  EXPECT_FALSE(std::filesystem::exists(state.folder(0)));
  EXPECT_TRUE(std::filesystem::exists(state.folder(1) + "/log"));
  // An owner that was killed before it saved the end asks for it; nothing is started again.
  TestOwner next(state);
  next.process().adopt(make_start("exit 4"));
  EXPECT_EQ(next.reports().wait_ended("t0").error->exit_code, 3);
}

TEST(LocalProcessTest, GuardiansServeOneAttemptAfterTheOther) {
  const TestState state;
  TestOwner owner(state);
  for (std::uint32_t attempt = 1; attempt <= 30; ++attempt) {
    owner.process().start(make_start("echo $PPID > $DYNA_ARTIFACTS/g; exit 1", 0, attempt));
    EXPECT_EQ(owner.reports().wait_ended("t0", attempt).error->exit_code, 1);
  }
  const std::string first = read_text(state.folder(0, 1) + "/artifacts/g");
  EXPECT_EQ(first, read_text(state.folder(0, 30) + "/artifacts/g"));
}

}  // namespace
}  // namespace cordyna::local_test
