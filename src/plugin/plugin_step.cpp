#include "plugin/plugin_step.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "plugin/child.hpp"
#include "plugin/step_file.hpp"
#include "plugin/talk.hpp"
#include "ports/launch.hpp"
#include "step/step_process.hpp"

namespace cordyna::plugin {
namespace {

namespace json = boost::json;

constexpr std::size_t kReadBytes = 65536;
constexpr std::size_t kWordsMax = 500;  // of the last line of standard error

Millis step_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// What the program may know of our environment: not what is meant for us.
std::vector<std::string> program_environment(const std::string& type) {
  constexpr std::array kOurs{std::string_view(kSecretsVariable), std::string_view("DYNA_REPORT")};
  std::vector<std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::find(kOurs, name) == kOurs.end()) env.emplace_back(text);
  }
  env.push_back(fmt::format("{}={}", kTypeVariable, type));
  return env;
}

/// Secrets in the texts of a value as "***".
void hide_secrets(json::value& value, const std::vector<std::string>& masks) {
  if (value.is_string()) {
    std::string text(value.get_string());
    for (const std::string& mask : masks) hide_in(text, mask);
    value = text;
  } else if (value.is_array()) {
    for (json::value& one : value.get_array()) hide_secrets(one, masks);
  } else if (value.is_object()) {
    for (auto& one : value.get_object()) hide_secrets(one.value(), masks);
  }
}

/// Renamed into place: what the program may have written there is gone.
Result<> write_outputs(const std::string& outputs, const std::vector<std::string>& masks) {
  const std::string path = step::variable("DYNA_OUTPUTS");
  if (path.empty()) return {};
  if (outputs.empty()) {
    std::remove(path.c_str());
    return {};
  }
  std::string text = outputs;
  if (!masks.empty()) {
    json::error_code error;
    json::value value = json::parse(text, error);
    if (error) return fail(ErrorCode::kInternal, "the outputs are no JSON: " + error.message());
    hide_secrets(value, masks);
    text = json::serialize(value);
  }
  if (text.size() > kOutputsBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("its outputs have {} bytes, and may have {}", grouped(text.size()),
                            grouped(kOutputsBytesMax)));
  }
  const std::string made = step::variable("DYNA_WORK") + "/.outputs";
  {
    std::ofstream file(made, std::ios::binary);
    file << text;
    if (!file.flush()) return fail(ErrorCode::kNoSpace, made + " cannot be written");
  }
  if (std::rename(made.c_str(), path.c_str()) != 0) {
    return fail(ErrorCode::kUnavailable, path + " cannot be written");
  }
  return {};
}

/// The guardian masks secrets in what stands in our log: the report is a file.
int report_failure(const TaskError& error) {
  return step::report_error(error, step::Message::kInLog);
}

/// One attempt: what Talk decides, done.
class PluginRun {
 public:
  PluginRun(PluginStep step, PluginSecrets secrets)
      : step_(std::move(step)),
        secrets_(std::move(secrets)),
        talk_(step_,
              {step::variable("DYNA_ATTEMPT"), step::variable("DYNA_RUN_ID"),
               step::variable("DYNA_TASK"), step::variable("DYNA_FENCE")},
              secrets_.inputs.empty() ? step_.inputs : secrets_.inputs, step_now()) {}

  int run() {
    signals_ = local::Fd(step::end_descriptor({SIGCHLD, SIGPIPE}));
    auto started = child_.start(step_.argv, program_environment(step_.type), ".");
    if (!started.has_value()) {
      return report_failure(make_task_error(TaskErrorCode::kSpawnFailed, Phase::kStart,
                                            std::move(started.error().message)));
    }
    while (!talk_.verdict().has_value()) wait();
    return tell(*talk_.verdict());
  }

 private:
  void wait() {
    std::array<pollfd, 4> fds{{{signals_.get(), POLLIN, 0},
                               {child_.out.get(), POLLIN, 0},
                               {child_.err.get(), POLLIN, 0},
                               {to_program_.empty() ? -1 : child_.in.get(), POLLOUT, 0}}};
    const Millis next = talk_.next();
    const Millis left = next == 0 ? -1 : std::clamp<Millis>(next - step_now(), 0, 3'600'000);
    if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR) std::abort();
    if (fds[2].revents != 0) read_errors();
    if (fds[1].revents != 0) read_lines();
    if (fds[3].revents != 0) write_input();
    take_signals();
    carry_out(talk_.on_time(step_now()));
    if (!child_.has_ended()) return;
    // What it said last is still in its pipes.
    while (child_.err.valid() && read_errors()) {
    }
    while (child_.out.valid() && read_lines()) {
    }
    carry_out(talk_.ended(end_text(child_.status()), last_words_));
  }

  void take_signals() {
    signalfd_siginfo taken{};
    while (::read(signals_.get(), &taken, sizeof taken) == static_cast<ssize_t>(sizeof taken)) {
      const bool asks = taken.ssi_signo != SIGCHLD && taken.ssi_signo != SIGPIPE;
      if (asks) carry_out(talk_.cancel(step_now()));
    }
  }

  /// False: nothing more is there now.
  bool read_some(local::Fd& fd, std::string& into) {
    into.resize(kReadBytes);
    const ssize_t got = ::read(fd.get(), into.data(), into.size());
    into.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) fd.reset();
    return got > 0;
  }

  bool read_errors() {
    std::string bytes;
    if (!read_some(child_.err, bytes)) return false;
    step::write_out(STDERR_FILENO, bytes);
    errors_ += bytes;
    std::size_t end = errors_.find_last_of('\n');
    if (end == std::string::npos) {
      if (errors_.size() > kReadBytes) errors_.erase(0, errors_.size() - kWordsMax);
      return true;
    }
    const std::string_view whole = std::string_view(errors_).substr(0, end);
    const std::size_t last = whole.find_last_not_of(" \t\r\n");
    if (last != std::string_view::npos) {
      const std::size_t begin = whole.find_last_of('\n', last);
      const std::size_t first = begin == std::string_view::npos ? 0 : begin + 1;
      last_words_ = whole.substr(first, std::min(last + 1 - first, kWordsMax));
    }
    errors_.erase(0, end + 1);
    return true;
  }

  bool read_lines() {
    std::string bytes;
    if (!read_some(child_.out, bytes)) return false;
    if (deaf_) return true;
    lines_.add(bytes);
    std::string_view line;
    while (lines_.next(line)) carry_out(talk_.hear_line(step_now(), line));
    if (lines_.too_long()) {
      deaf_ = true;
      carry_out(talk_.hear_too_much(step_now()));
    }
    return true;
  }

  void write_input() {
    const ssize_t written = ::write(child_.in.get(), to_program_.data(), to_program_.size());
    if (written > 0) to_program_.erase(0, static_cast<std::size_t>(written));
    // It reads no more: how it ends says what became of it.
    if (written < 0 && errno != EINTR && errno != EAGAIN) close_input();
    if (closes_ && to_program_.empty()) close_input();
  }

  void close_input() {
    to_program_.clear();
    child_.in.reset();
  }

  void carry_out(const Deeds& deeds) {
    for (const SaidLine& line : deeds.lines) {
      step::write_out(line.error ? STDERR_FILENO : STDOUT_FILENO, line.text + "\n");
    }
    if (child_.in.valid()) to_program_ += deeds.to_program;
    closes_ = closes_ || deeds.close_input;
    if (closes_ && to_program_.empty()) close_input();
    if (deeds.signal != 0) child_.signal(deeds.signal);
  }

  int tell(const Verdict& verdict) {
    if (verdict.cancelled) return step::kCancelledCode;
    if (verdict.error.has_value()) return report_failure(*verdict.error);
    const auto written = write_outputs(verdict.outputs, secrets_.masks);
    if (written.has_value()) return 0;
    return report_failure(make_task_error(written.error().code == ErrorCode::kNoSpace
                                              ? TaskErrorCode::kNoSpace
                                              : TaskErrorCode::kOutputInvalid,
                                          Phase::kResult, written.error().message));
  }

  PluginStep step_;
  PluginSecrets secrets_;
  Talk talk_;
  Child child_;
  local::Fd signals_;
  Lines lines_{protocol::kMessageMax};
  std::string to_program_;
  std::string errors_;  // of standard error, since the last line end
  std::string last_words_;
  bool closes_ = false;
  bool deaf_ = false;
};

Result<int> run_plugin_step(const std::string& path) {
  TRY_ASSIGN(const std::string text, step::read_whole(path));
  TRY_ASSIGN(PluginStep step, parse_step(text));
  TRY_ASSIGN(PluginSecrets secrets, parse_secrets(step::variable(kSecretsVariable)));
  return PluginRun(std::move(step), std::move(secrets)).run();
}

}  // namespace

int plugin_step_main(const std::string& path) {
  const auto code = run_plugin_step(path);
  if (code.has_value()) return *code;
  return report_failure(
      make_task_error(TaskErrorCode::kInternal, Phase::kInfra, code.error().message));
}

}  // namespace cordyna::plugin
