#include "alert/notify_step.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "alert/notify_task.hpp"
#include "alert/sender.hpp"
#include "base/text.hpp"
#include "model/task_error.hpp"

namespace cordyna::alert {
namespace {

namespace json = boost::json;

constexpr int kCancelledCode = 143;  // 128 + SIGTERM

/// The secrets that came by the environment.
class HandedSecrets final : public Secrets {
 public:
  explicit HandedSecrets(const NotifySecrets& handed) : handed_(handed) {}

  [[nodiscard]] Result<std::string> find(std::string_view name) const override {
    const auto found = handed_.values.find(name);
    if (found != handed_.values.end()) return found->second;
    // teams.yaml was changed between the preparation and now.
    return fail(ErrorCode::kNotFound, fmt::format("the secret {} was not handed over", name));
  }

 private:
  const NotifySecrets& handed_;
};

std::string variable_of(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? std::string() : std::string(value);
}

/// Readable when we are asked to end; the signals stay blocked, and are never taken.
int end_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, one);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void put_report(const json::object& report) {
  if (const std::string path = variable_of("DYNA_REPORT"); !path.empty()) {
    std::ofstream(path) << json::serialize(report) << "\n";
  }
}

int end_with(TaskErrorCode code, Phase phase, const std::string& message) {
  fmt::print(stderr, "{}\n", printable(message));
  put_report(
      {{"error", {{"code", info(code).name}, {"phase", to_string(phase)}, {"message", message}}}});
  return 1;
}

TaskErrorCode code_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable: return TaskErrorCode::kSourceUnavailable;
    case ErrorCode::kDenied: return TaskErrorCode::kAccessDenied;
    case ErrorCode::kNotFound: return TaskErrorCode::kRemoteNotFound;
    case ErrorCode::kUntrusted: return TaskErrorCode::kRemoteUntrusted;
    default: return TaskErrorCode::kRemoteRefused;
  }
}

Millis now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

/// All channels are tried, whatever becomes of one.
int tell_all(const NotifyTask& task, const NotifySecrets& secrets, const AlertPlan& plan) {
  const HandedSecrets handed(secrets);
  const int end_fd = end_signals();
  Message message{.id = task.id, .type = MessageType::kNote, .at = now_ms(), .note = task.note};
  if (!secrets.note.text.empty()) {
    message.note.title = secrets.note.title;
    message.note.text = secrets.note.text;
  }
  json::array told;
  std::string problems;
  std::optional<ErrorCode> code;
  for (const std::string& channel : task.channels) {
    message.channel = channel;
    const auto sent =
        send(message, {.plan = &plan, .secrets = &handed, .now = message.at, .cancel_fd = end_fd});
    if (sent.has_value()) {
      fmt::print("told {}\n", channel);
      told.emplace_back(channel);
      continue;
    }
    if (sent.error().code == ErrorCode::kCancelled) return kCancelledCode;
    problems +=
        fmt::format("{}{}: {}", problems.empty() ? "" : "; ", channel, sent.error().problem);
    // What may pass is tried again, for the sake of those that it can help.
    if (code != ErrorCode::kUnavailable) code = sent.error().code;
  }
  std::fflush(stdout);
  if (code.has_value()) return end_with(code_for(*code), Phase::kRun, problems);
  put_report({{"outputs", {{"id", task.id}, {"channels", std::move(told)}}}});
  return 0;
}

}  // namespace

int notify_step_main(const std::string& path, const LoadPlan& load) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const Result<NotifyTask> task = parse_notify(text);
  const Result<NotifySecrets> secrets = parse_notify_secrets(variable_of(kNotifySecrets));
  if (!task.has_value() || !secrets.has_value()) {
    return end_with(TaskErrorCode::kInternal, Phase::kInfra,
                    task.has_value() ? secrets.error().message : task.error().message);
  }
  const Result<AlertPlan> plan = load(task->teams_file);
  if (!plan.has_value()) {
    return end_with(TaskErrorCode::kInputInvalid, Phase::kPrepare, plan.error().message);
  }
  return tell_all(*task, *secrets, *plan);
}

}  // namespace cordyna::alert
