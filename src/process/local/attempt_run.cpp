#include "process/local/attempt_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include "base/wipe.hpp"
#include "process/local/files.hpp"
#include "process/local/proc.hpp"

namespace cordyna::local {
namespace {

constexpr std::size_t kReadBytes = 65536;
constexpr std::size_t kRestBytesMax = std::size_t{16} << 20;
constexpr Millis kAnnounceAfter = 3;  // most short tasks have ended by then: one message less
constexpr Millis kUnfinishedAfter = 200;
constexpr Millis kSweepEvery = 50;
constexpr Millis kLookEvery = 250;
constexpr int kShellSignal = 128;  // as a shell reports that a signal ended its child

Millis now_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<Millis>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

Millis millis_of(const timeval& time) {
  return static_cast<Millis>(time.tv_sec) * 1000 + time.tv_usec / 1000;
}

/// A program that asked for memory in vain says so in its own words: a limit of each process ends
/// nothing by itself.
bool tells_of_memory(std::string_view line) {
  constexpr std::array<std::string_view, 8> kWords{
      "MemoryError", "annot allocate memory", "ut of memory",    "bad_alloc",
      "OutOfMemory", "emory exhausted",       "annot allocate ", "emory allocation"};
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return line.find(word) != std::string_view::npos; });
}

}  // namespace

Millis wall_now() {
  return now_of(CLOCK_REALTIME);
}
Millis steady_now() {
  return now_of(CLOCK_MONOTONIC);
}

bool take_signals(int signals) {
  std::array<signalfd_siginfo, 8> taken;
  bool terminate = false;
  while (true) {
    const ssize_t got = read(signals, taken.data(), sizeof taken);
    if (got <= 0) return terminate;
    const std::size_t count = static_cast<std::size_t>(got) / sizeof taken[0];
    for (std::size_t i = 0; i < count; ++i) terminate |= taken[i].ssi_signo == SIGTERM;
    if (count < taken.size()) return terminate;
  }
}

int make_pipes(OutputPipes& pipes) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
  pipes.out = Fd(ends[0]);
  pipes.out_end = Fd(ends[1]);
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
  pipes.error = Fd(ends[0]);
  pipes.error_end = Fd(ends[1]);
  return 0;
}

AttemptRun::AttemptRun(GuardianPost& post, const StartOrder& order, int folder, OutputPipes pipes)
    : post_(post),
      order_(order),
      log_(folder, order.log_bytes_max, order.masks),
      pipes_(std::move(pipes)) {}

ExitRecord AttemptRun::run() {
  record_.started = wall_now();
  started_ = steady_now();
  if (start()) {
    buffer_.resize(kReadBytes);
    while (!all_ended_) wait_for_news();
    read_rest();
    log_.finish(wall_now());
  }
  check_log();
  judge_limits();
  record_.ended = std::max(record_.started, wall_now());
  record_.log_bytes = log_.bytes();
  record_.log_truncated = log_.truncated();
  record_.last_error_line = log_.last_error_line();
  return std::move(record_);
}

bool AttemptRun::start() {
  const int error = pipes_.valid() ? 0 : make_pipes(pipes_);
  if (error != 0) {
    record_.spawn_error = "its output cannot be taken: " + errno_text(error);
    return false;
  }
  Spawned spawned = spawn_bounded();
  pipes_.out_end.reset();
  pipes_.error_end.reset();
  if (spawned.pid < 0) {
    // Of the child that failed to become the program.
    while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    record_.spawn_error = std::move(spawned.problem);
    return false;
  }
  main_ = spawned.pid;
  return true;
}

Spawned AttemptRun::spawn_bounded() {
  const Resources& resources = order_.resources;
  SpawnRequest request{.argv = order_.argv,
                       .env = order_.env,
                       .folder = order_.folder,
                       .out = pipes_.out_end.get(),
                       .error = pipes_.error_end.get(),
                       .umask = order_.umask};
  if (resources == Resources{}) return spawn(request);
  request.limits.cpu_seconds = static_cast<std::uint64_t>((resources.cpu_time + 999) / 1000);
  request.limits.file_bytes = resources.disk_bytes;
  if (order_.use_groups && (resources.memory_bytes > 0 || resources.cpu_millis > 0)) {
    if (!post_.groups.has_value()) {
      post_.groups = find_groups();
      remove_left_groups(*post_.groups);
    }
    group_ =
        AttemptGroup::make(*post_.groups, group_name(post_.self, ++post_.groups_made), resources);
    request.joins = group_.joins();
  }
  if (!group_.bounds_memory()) request.limits.data_bytes = resources.memory_bytes;
  Spawned spawned = spawn(request);
  if (!spawned.outside) return spawned;
  // A group that takes nobody: then as where there are none.
  while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  group_.remove();
  request.joins = {};
  request.limits.data_bytes = resources.memory_bytes;
  return spawn(request);
}

void AttemptRun::wait_for_news() {
  // Poll passes over negative descriptors: those that have ended.
  std::array<pollfd, 4> fds{{{post_.signals, POLLIN, 0},
                             {post_.owner.get(), POLLIN, 0},
                             {pipes_.out.get(), POLLIN, 0},
                             {pipes_.error.get(), POLLIN, 0}}};
  const int ready = poll(fds.data(), fds.size(), wait_ms(steady_now()));
  if (ready < 0 && errno != EINTR) _exit(1);
  if (fds[2].revents != 0) read_output(OutputStream::kOut, fds[2].revents);
  if (fds[3].revents != 0) read_output(OutputStream::kError, fds[3].revents);
  // Most programs end as soon as their output does: the signal need not be waited for.
  if (!pipes_.out.valid() && !pipes_.error.valid() && (fds[2].revents | fds[3].revents) != 0)
    reap();
  if (fds[0].revents != 0) on_signals();
  if (fds[1].revents != 0) on_owner();
  on_time(steady_now());
}

int AttemptRun::wait_ms(Millis now) const {
  Millis next = -1;
  const auto by = [&](Millis at) { next = next < 0 ? at : std::min(next, at); };
  if (!announced_ && post_.owner.valid()) by(started_ + kAnnounceAfter);
  if (log_.has_unfinished()) by(last_output_ + kUnfinishedAfter);
  if (ending_ != Ending::kNo) by(next_sweep_);
  if (ending_ == Ending::kNo && group_.ends_singly()) by(next_look_);
  if (ending_ == Ending::kNo && order_.complete > 0) by(started_ + order_.complete);
  if (next < 0) return -1;
  constexpr Millis kLongest = 3'600'000;
  return static_cast<int>(std::clamp<Millis>(next - now, 0, kLongest));
}

void AttemptRun::on_time(Millis now) {
  if (all_ended_) return;
  if (!announced_ && now >= started_ + kAnnounceAfter) announce();
  if (log_.has_unfinished() && now >= last_output_ + kUnfinishedAfter) {
    log_.flush_unfinished(wall_now());
    last_output_ = now;
    check_log();
  }
  if (ending_ == Ending::kNo && group_.ends_singly() && now >= next_look_) check_memory();
  if (ending_ != Ending::kNo && now >= next_sweep_) end_all(Ending::kByForce);
  if (ending_ == Ending::kNo && order_.complete > 0 && now >= started_ + order_.complete) {
    record_.timeout = !main_ended_;
    end_all(Ending::kKindly);
  }
}

void AttemptRun::announce() {
  announced_ = true;
  if (!post_.owner.valid()) return;
  (void)send_message(post_.owner.get(), encode(Message{'S', order_.name, {}}), -1, false);
}

void AttemptRun::on_owner() {
  std::string bytes;
  Fd passed;
  switch (receive_message(post_.owner.get(), bytes, passed)) {
    case Received::kNothing: return;
    case Received::kEnd: post_.owner.reset(); return;
    case Received::kMessage: break;
  }
  const auto message = decode_message(bytes);
  wipe_secret(bytes);
  if (message.has_value() && message->kind == 'C' && message->name == order_.name) on_cancel();
}

void AttemptRun::on_signals() {
  if (take_signals(post_.signals)) {
    signalled_ = true;
    on_cancel();
  }
  reap();
}

void AttemptRun::on_cancel() {
  ++cancels_;
  if (main_ended_) {
    // It has its result; what it left behind is being ended already.
    if (cancels_ > 1) end_all(Ending::kByForce);
    return;
  }
  if (!record_.timeout) record_.cancelled = true;
  end_all(cancels_ > 1 ? Ending::kByForce : Ending::kKindly);
}

void AttemptRun::reap() {
  while (true) {
    int status = 0;
    rusage usage{};
    const pid_t pid = wait4(-1, &status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) {
      all_ended_ = true;
      return;
    }
    if (pid == 0) break;
    if (pid != main_) continue;
    main_ended_ = true;
    record_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    record_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    cpu_used_ = millis_of(usage.ru_utime) + millis_of(usage.ru_stime);
    record_.max_rss_kb = static_cast<std::uint64_t>(usage.ru_maxrss);
  }
  // A task ends with its main process; what still runs would hold the result back, or outlive it.
  if (main_ended_ && ending_ == Ending::kNo) end_all(Ending::kKindly);
}

void AttemptRun::read_output(OutputStream stream, short events) {
  Fd& fd = stream == OutputStream::kOut ? pipes_.out : pipes_.error;
  if ((events & POLLIN) == 0) {
    fd.reset();
    return;
  }
  const ssize_t got = read(fd.get(), buffer_.data(), buffer_.size());
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) {
    fd.reset();
    return;
  }
  last_output_ = steady_now();
  log_.add(stream, std::string_view(buffer_.data(), static_cast<std::size_t>(got)), wall_now());
  check_log();
}

/// Nobody of ours writes any more. A stranger may hold a pipe, so its end is not waited for.
void AttemptRun::read_rest() {
  for (std::size_t done = 0; done < kRestBytesMax; done += kReadBytes) {
    if (!pipes_.out.valid() && !pipes_.error.valid()) return;
    std::array<pollfd, 2> fds{{{pipes_.out.get(), POLLIN, 0}, {pipes_.error.get(), POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), 0) <= 0) return;
    if (fds[0].revents != 0) read_output(OutputStream::kOut, fds[0].revents);
    if (fds[1].revents != 0) read_output(OutputStream::kError, fds[1].revents);
  }
}

void AttemptRun::end_all(Ending how) {
  if (ending_ == Ending::kByForce || order_.kill_grace <= 0) how = Ending::kByForce;
  if (ending_ == Ending::kKindly && how == Ending::kKindly) return;  // asked once already
  ending_ = how;
  const bool force = how == Ending::kByForce;
  next_sweep_ = steady_now() + (force ? kSweepEvery : order_.kill_grace);
  const int signal = force ? SIGKILL : SIGTERM;
  if (force) group_.kill_all();  // also what hides from /proc, or forks faster than it is listed
  if (!force && order_.ends_its_own && !main_ended_) {
    kill(main_, signal);
    return;
  }
  // The group at once, since it may fork faster than it can be listed; then whoever left it.
  if (!main_ended_) kill(-main_, signal);
  const pid_t self = getpid();
  for (const ProcessInfo& info : descendants(all_processes(), std::span(&self, 1))) {
    if (info.state == 'Z') continue;
    const Fd process = open_process(info.id);
    // Those of the group have it from the line before; twice could count as "at once" for some.
    if (force || main_ended_ || getpgid(info.id.pid) != main_) signal_process(process, signal);
    if (!force) signal_process(process, SIGCONT);  // a stopped process would never see it
  }
}

/// With version 1 the kernel ends one process of the group, and the others go on without it.
void AttemptRun::check_memory() {
  next_look_ = steady_now() + kLookEvery;
  if (group_.memory_kills() > 0) end_all(Ending::kByForce);
}

/// Once all has ended: whether a limit was what ended it.
void AttemptRun::judge_limits() {
  const Resources& resources = order_.resources;
  if (resources == Resources{}) return;
  const auto over = [&](Over what, std::uint64_t limit) {
    record_.over = what;
    record_.over_limit = limit;
  };
  const auto by = [&](int signal) {
    return record_.signal == signal || record_.exit_code == kShellSignal + signal;
  };
  const bool failed = record_.signal != 0 || record_.exit_code > 0;
  const std::string& said = log_.last_error_line();
  record_.memory_peak = group_.memory_peak();
  const bool alone = resources.memory_bytes > 0 && !group_.bounds_memory();
  const bool killed = by(SIGKILL) && cpu_used_ >= resources.cpu_time;
  if (group_.memory_kills() > 0 || (alone && failed && tells_of_memory(said))) {
    over(Over::kMemory, resources.memory_bytes);
  } else if (resources.cpu_time > 0 && (by(SIGXCPU) || killed)) {
    over(Over::kCpuTime, static_cast<std::uint64_t>(resources.cpu_time));
  } else if (resources.disk_bytes > 0 && failed &&
             (by(SIGXFSZ) || said.find("File too large") != std::string::npos)) {
    over(Over::kFileSize, resources.disk_bytes);
  }
  group_.remove();
}

void AttemptRun::check_log() {
  if (log_.error() == 0 || !record_.disk_error.empty()) return;
  record_.disk_error = "its log cannot be written: " + errno_text(log_.error());
  record_.disk_full = is_no_space(log_.error());
  if (main_ > 0 && !all_ended_) end_all(Ending::kKindly);
}

}  // namespace cordyna::local
