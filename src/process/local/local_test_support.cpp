#include "process/local/local_test_support.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "process/local/fork_server.hpp"
#include "process/local/spawn.hpp"

namespace cordyna::local_test {
namespace {

constexpr const char* kRunId = "0190d4a5-0000-7000-8000-000000000001";

std::string make_folder() {
  std::string path = (std::filesystem::temp_directory_path() / "dyna-local-XXXXXX").string();
  EXPECT_NE(mkdtemp(path.data()), nullptr);
  std::filesystem::create_directory(path + "/.cordyna");
  return path;
}

}  // namespace

std::string self_path() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

TestState::TestState() : outside_(make_folder()), layout_(outside_ + "/.cordyna") {}

void TestState::wait_unused() const {
  const local::Fd lock(open((layout_.folder() + "/supervise.lock").c_str(), O_RDONLY | O_CLOEXEC));
  if (lock.valid()) flock(lock.get(), LOCK_EX);  // the server ends after its last guardian
}

TestState::~TestState() {
  wait_unused();
  std::error_code ignored;
  std::filesystem::remove_all(outside_, ignored);
}

local::Fd TestState::make_fifo(const std::string& name) const {
  EXPECT_EQ(mkfifo(path(name).c_str(), 0600), 0);
  return local::Fd(open(path(name).c_str(), O_RDWR | O_CLOEXEC));
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string read_line(const local::Fd& fifo) {
  std::string line;
  while (true) {
    pollfd ready{fifo.get(), POLLIN, 0};
    if (poll(&ready, 1, kPatienceMs) <= 0) {
      ADD_FAILURE() << "nothing came";
      return line;
    }
    char c = 0;
    if (read(fifo.get(), &c, 1) != 1 || c == '\n') return line;
    line += c;
  }
}

void release(const local::Fd& fifo, int count) {
  const std::string lines(static_cast<std::size_t>(count), '\n');
  EXPECT_EQ(write(fifo.get(), lines.data(), lines.size()), count);
}

bool wait_gone(const local::ProcessId& id) {
  const local::Fd process = local::open_process(id);
  if (!process.valid()) return true;
  pollfd ended{process.get(), POLLIN, 0};
  return poll(&ended, 1, kPatienceMs) == 1;
}

bool is_gone(pid_t pid) {
  const auto info = local::process_info(pid);
  return !info.has_value() || info->state == 'Z';
}

pid_t guardian_pid(const std::string& folder) {
  return static_cast<pid_t>(std::atoi(read_text(folder + "/guardian").c_str()));
}

ReportSink Reports::sink() {
  return [this](const AttemptReport& report) {
    const std::lock_guard lock(mutex_);
    if (report.kind == ReportKind::kEnded) {
      ++ends_;
      ended_.insert_or_assign(report.key, report.outcome);
    } else {
      ++started_[report.key];
    }
    news_.notify_all();
    return true;
  };
}

bool Reports::wait(const std::function<bool()>& there) {
  std::unique_lock lock(mutex_);
  return news_.wait_for(lock, std::chrono::milliseconds(kPatienceMs), there);
}

Outcome Reports::wait_ended(const std::string& path, std::uint32_t attempt) {
  const AttemptKey key{1, path, attempt};
  if (!wait([&] { return ended_.contains(key); })) {
    ADD_FAILURE() << path << " did not end";
    return {};
  }
  const std::lock_guard lock(mutex_);
  return ended_.at(key);
}

void Reports::wait_started(const std::string& path, std::uint32_t attempt) {
  const AttemptKey key{1, path, attempt};
  EXPECT_TRUE(wait([&] { return started_.contains(key); })) << path << " did not start";
}

int Reports::ends() const {
  const std::lock_guard lock(mutex_);
  return ends_;
}

std::expected<Launch, TaskError> ScriptPreparer::prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) {
  const std::string& script = command.flow->tasks[command.task].params;
  Launch launch{{"/bin/sh", "-c", script}, {}, "/", {}, {}};
  if (change_) change_(command, paths, launch);
  return launch;
}

TestOwner::TestOwner(const TestState& state, ScriptPreparer::Change change, LocalSettings settings)
    : preparer_(std::move(change)) {
  settings.supervise_argv = {self_path(), "supervise", state.layout().folder()};
  process_ = std::make_unique<LocalProcess>(
      state.layout(), std::move(settings),
      std::map<std::string, Preparer*>{{"shell", &preparer_}, {"load", &preparer_}}, clock_,
      reports_.sink());
}

Outcome TestOwner::run(const std::string& script) {
  process_->start(make_start(script));
  return reports_.wait_ended("t0");
}

StartAttempt make_start(const std::string& script, TaskIndex task, std::uint32_t attempt) {
  auto flow = std::make_shared<Flow>();
  flow->tasks.resize(task + 1);
  for (TaskSpec& spec : flow->tasks) {
    spec.type = "shell";
    spec.params = script;
  }
  StartAttempt command;
  command.key = {1, "t" + std::to_string(task), attempt};
  command.run_id = {kRunId};
  command.task = task;
  command.flow = std::move(flow);
  command.context = "{}";
  return command;
}

CancelAttempt make_cancel(TaskIndex task, std::uint32_t attempt) {
  return {{1, "t" + std::to_string(task), attempt}, task, CancelReason::kUser};
}

OwnerChild::OwnerChild(const TestState& state, int count, const std::string& script,
                       Millis complete) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const local::Fd ours(ends[0]);
  local::Fd theirs(ends[1]);
  const std::vector<std::string> words{self_path(),           "owner", state.layout().folder(),
                                       std::to_string(count), script,  std::to_string(complete)};
  const std::vector<char*> argv = local::pointers(words);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  theirs.reset();
  EXPECT_EQ(read_line(ours), "all started");
}

OwnerChild::~OwnerChild() {
  kill_now();
}

void OwnerChild::kill_now() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int owner_main(const std::string& folder, int count, const std::string& script, Millis complete) {
  SystemClock clock;
  ScriptPreparer preparer;
  Reports reports;
  LocalSettings settings;
  settings.supervise_argv = {self_path(), "supervise", folder};
  LocalProcess process(StateLayout(folder), settings, {{"shell", &preparer}}, clock,
                       reports.sink());
  for (int i = 0; i < count; ++i) {
    StartAttempt command = make_start(script, static_cast<TaskIndex>(i));
    command.timeouts.complete = complete;
    process.start(command);
  }
  for (int i = 0; i < count; ++i) reports.wait_started("t" + std::to_string(i));
  const std::string line = "all started\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) return 1;
  while (true) pause();
}

}  // namespace cordyna::local_test

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (argc == 3 && words[1] == "supervise") return cordyna::supervise_main(words[2]);
  if (argc == 6 && words[1] == "owner") {
    return cordyna::local_test::owner_main(words[2], std::stoi(words[3]), words[4],
                                           std::stoll(words[5]));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
