#include "plugin/asker.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "base/text.hpp"
#include "plugin/child.hpp"
#include "plugin/declared.hpp"
#include "plugin/step_file.hpp"
#include "process/local/environment.hpp"

namespace cordyna::plugin {
namespace {

constexpr std::size_t kAskedBytesMax = 65536;  // of what it says on standard error
constexpr Millis kGoneWait = 1'000;            // from the end of its input to its own
constexpr Millis kFailedFor = 60'000;
constexpr std::size_t kKnownMax = 1000;

Millis asker_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string stamp_of(const PluginProgram& program) {
  std::string stamp;
  for (const std::string& word : program.argv) {
    struct stat status{};
    if (!word.starts_with('/') || ::stat(word.c_str(), &status) != 0) continue;
    stamp += fmt::format("{}:{}:{}:{}:{};", status.st_dev, status.st_ino, status.st_size,
                         status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  }
  return stamp;
}

/// One program, asked once.
class Question {
 public:
  Question(const PluginProgram& program, Millis patience)
      : program_(program), by_(asker_now() + patience), patience_(patience) {}

  Result<PluginType> ask() {
    TRY_ASSIGN(const std::vector<std::string> env,
               local::task_environment({{kTypeVariable, program_.type}}, {}));
    TRY(child_.start(program_.argv, env, program_.folder));
    auto said = listen();
    leave();
    return said;
  }

 private:
  Result<PluginType> listen() {
    std::size_t number = 0;
    while (true) {
      std::string_view line;
      while (lines_.next(line)) {
        ++number;
        if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
        return declared_in(number, line);
      }
      if (lines_.too_long()) {
        return fail(ErrorCode::kInvalidArgument,
                    fmt::format("line {} of its standard output has more than {} bytes", number + 1,
                                grouped(protocol::kMessageMax)));
      }
      if (!child_.out.valid()) return ended();
      if (asker_now() >= by_) {
        return fail(ErrorCode::kUnavailable,
                    fmt::format("it did not say server.ready within {} s{}",
                                static_cast<double>(patience_) / 1000, last_words()));
      }
      read_more();
    }
  }

  Result<PluginType> declared_in(std::size_t number, std::string_view line) {
    auto heard = hear(line);
    if (!heard.has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("line {} of its standard output {}", number, heard.error().message));
    }
    if (!heard->unknown.empty() || heard->message.spec->kind != protocol::MessageKind::kReady) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("it begins with {}; a plugin begins with server.ready and its tasks",
                              heard->unknown.empty() ? std::string(heard->message.spec->type)
                                                     : heard->unknown));
    }
    return declared_type(heard->message, program_.type);
  }

  Result<PluginType> ended() {
    const Millis until = asker_now() + kGoneWait;
    while (!child_.has_ended() && asker_now() < until) pause();
    while (child_.err.valid() && read_err()) {
    }
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("it ended{} before it said server.ready{}",
                    child_.has_ended() ? " with " + end_text(child_.status()) : "", last_words()));
  }

  void read_more() {
    std::array<pollfd, 2> fds{{{child_.out.get(), POLLIN, 0}, {child_.err.get(), POLLIN, 0}}};
    const Millis left = std::clamp<Millis>(by_ - asker_now(), 0, patience_);
    if (::poll(fds.data(), fds.size(), static_cast<int>(left)) <= 0) return;
    if (fds[1].revents != 0) (void)read_err();
    if (fds[0].revents == 0) return;
    std::array<char, 65536> bytes{};
    const ssize_t got = ::read(child_.out.get(), bytes.data(), bytes.size());
    if (got > 0) lines_.add(std::string_view(bytes.data(), static_cast<std::size_t>(got)));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) child_.out.reset();
  }

  bool read_err() {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(child_.err.get(), bytes.data(), bytes.size());
    if (got > 0) errors_.append(bytes.data(), static_cast<std::size_t>(got));
    if (errors_.size() > kAskedBytesMax) errors_.erase(0, errors_.size() / 2);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) child_.err.reset();
    return got > 0;
  }

  /// ": " and the last line of its standard error.
  [[nodiscard]] std::string last_words() const {
    const std::size_t last = errors_.find_last_not_of(" \t\r\n");
    if (last == std::string::npos) return {};
    const std::size_t before = errors_.find_last_of('\n', last);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return ": " + fit(printable(errors_.substr(begin, last + 1 - begin)), 500);
  }

  /// The end of its input says that it is not wanted any more.
  void leave() {
    child_.in.reset();
    child_.out.reset();
    const Millis until = asker_now() + kGoneWait;
    while (!child_.has_ended() && asker_now() < until) pause();
    child_.signal(SIGKILL);
  }

  /// Until it has ended, as its streams tell, or a moment has passed.
  void pause() const {
    pollfd one{child_.err.get(), 0, 0};
    constexpr int kMoment = 5;
    (void)::poll(child_.err.valid() ? &one : nullptr, child_.err.valid() ? 1 : 0, kMoment);
  }

  const PluginProgram& program_;
  Millis by_;
  Millis patience_;
  Child child_;
  Lines lines_{protocol::kMessageMax};
  std::string errors_;
};

}  // namespace

bool are_plugins_off() {
  const char* value =
      std::getenv(kPolicyVariable);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value != nullptr && std::string_view(value) == "off";
}

Result<PluginType> PluginAsker::find(const PluginProgram& program) const {
  if (are_plugins_off()) {
    return fail(ErrorCode::kDenied,
                fmt::format("'{}' is not asked: plugins are switched off here ({}=off)",
                            program.type, kPolicyVariable));
  }
  std::string name = program.type + '\n' + program.folder;
  for (const std::string& word : program.argv) name += '\n' + word;
  const std::string stamp = stamp_of(program);
  // One at a time: whoever comes meanwhile for the same hears what the first was told.
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(name);
  if (known != known_.end() && known->second.files == stamp &&
      (known->second.said.has_value() || asker_now() < known->second.asked + kFailedFor)) {
    return known->second.said;
  }
  auto said = Question(program, patience_).ask();
  if (!said.has_value()) {
    said =
        fail(said.error().code, fmt::format("the plugin '{}' ({}): {}", program.type,
                                            printable(program.argv.front()), said.error().message));
  }
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert_or_assign(name, Known{stamp, asker_now(), said});
  return said;
}

}  // namespace cordyna::plugin
