#include "alert/notify_step.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "alert/notify_task.hpp"
#include "alert/sender.hpp"
#include "model/task_error.hpp"
#include "step/step_process.hpp"

namespace cordyna::alert {
namespace {

namespace json = boost::json;

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

TaskErrorCode code_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable: return TaskErrorCode::kSourceUnavailable;
    case ErrorCode::kDenied: return TaskErrorCode::kAccessDenied;
    case ErrorCode::kNotFound: return TaskErrorCode::kRemoteNotFound;
    case ErrorCode::kUntrusted: return TaskErrorCode::kRemoteUntrusted;
    default: return TaskErrorCode::kRemoteRefused;
  }
}

int fail_with(TaskErrorCode code, Phase phase, const std::string& message) {
  return step::report_error(make_task_error(code, phase, message));
}

Millis now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

/// All channels are tried, whatever becomes of one.
int tell_all(const NotifyTask& task, const NotifySecrets& secrets, const AlertPlan& plan) {
  const HandedSecrets handed(secrets);
  const int end_fd = step::end_descriptor();
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
      step::say("told " + channel);
      told.emplace_back(channel);
      continue;
    }
    if (sent.error().code == ErrorCode::kCancelled) return step::kCancelledCode;
    problems +=
        fmt::format("{}{}: {}", problems.empty() ? "" : "; ", channel, sent.error().problem);
    // What may pass is tried again, for the sake of those that it can help.
    if (code != ErrorCode::kUnavailable) code = sent.error().code;
  }
  if (code.has_value()) return fail_with(code_for(*code), Phase::kRun, problems);
  const json::object outputs{{"id", task.id}, {"channels", std::move(told)}};
  const Result<> written = step::write_report(json::serialize(json::object{{"outputs", outputs}}));
  if (written.has_value()) return 0;
  return fail_with(TaskErrorCode::kNoSpace, Phase::kResult, written.error().message);
}

}  // namespace

int notify_step_main(const std::string& path, const LoadPlan& load) {
  const auto refuse = [](const Error& error) {
    return fail_with(TaskErrorCode::kInternal, Phase::kInfra, error.message);
  };
  const Result<std::string> text = step::read_whole(path);
  if (!text.has_value()) return refuse(text.error());
  const Result<NotifyTask> task = parse_notify(*text);
  if (!task.has_value()) return refuse(task.error());
  const Result<NotifySecrets> secrets = parse_notify_secrets(step::variable(kNotifySecrets));
  if (!secrets.has_value()) return refuse(secrets.error());
  const Result<AlertPlan> plan = load(task->teams_file);
  if (!plan.has_value()) {
    return fail_with(TaskErrorCode::kInputInvalid, Phase::kPrepare, plan.error().message);
  }
  return tell_all(*task, *secrets, *plan);
}

}  // namespace cordyna::alert
