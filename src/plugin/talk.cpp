#include "plugin/talk.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "shape/schema.hpp"

namespace cordyna::plugin {
namespace {

namespace json = boost::json;

using protocol::Message;
using protocol::MessageKind;

constexpr std::string_view kSource = "urn:cordyna:cerebro";

double seconds(Millis time) {
  return static_cast<double>(time) / 1000.0;
}

std::string time_text(Millis time) {
  return time % 1000 == 0 ? fmt::format("{} s", time / 1000) : fmt::format("{} ms", time);
}

/// R4: never without words.
TaskError error_in(const shape::JsonBody& error) {
  std::string said = error.text("message");
  if (said.find_first_not_of(" \t\r\n") == std::string::npos) {
    said = "the plugin gave no description";
  }
  std::string text = fmt::format("{}: {}", error.text("code"), said);
  for (const std::string& cause : error.texts("cause")) text += "; caused by " + cause;
  TaskError made = make_task_error(TaskErrorCode::kTaskFailed, Phase::kRun, std::move(text));
  if (error.has("retryable")) made.retryable = error.flag("retryable");
  return made;
}

SaidLine progress_line(const shape::JsonBody& data) {
  std::string text = "progress:";
  if (data.has("fraction")) text += fmt::format(" {:.0f} %", data.real("fraction") * 100);
  if (data.has("message")) text += " " + printable(data.text("message"));
  if (data.has("counters")) text += " " + printable(data.json("counters"));
  return {false, std::move(text)};
}

/// The object of a task's outputs: fields of an object, any other value as `result`.
std::string outputs_of(const std::string& output) {
  if (output.empty() || output == "null") return {};
  return output.starts_with('{') ? output : fmt::format(R"({{"result":{}}})", output);
}

}  // namespace

Talk::Talk(PluginStep step, AttemptName attempt, std::string inputs, Millis now)
    : step_(std::move(step)), attempt_(std::move(attempt)), inputs_(std::move(inputs)) {
  enter(now, Stage::kReady);
}

void Talk::enter(Millis now, Stage stage) {
  stage_ = stage;
  Millis wait = 0;
  switch (stage) {
    case Stage::kReady:
    case Stage::kQueued: wait = step_.acknowledge; break;
    case Stage::kStarted: wait = step_.start; break;
    case Stage::kRunning: break;
    case Stage::kLeaving: wait = kLeaveWait; break;
    case Stage::kTerminating: wait = kTermWait; break;
  }
  began_ = now;
  next_ = wait > 0 ? now + wait : 0;
  if (cancel_by_ > 0 && !made_.has_value() && (next_ == 0 || cancel_by_ < next_))
    next_ = cancel_by_;
}

std::string Talk::message(MessageKind kind, std::string_view id, const std::string& data) const {
  protocol::Head head;
  head.id = fmt::format("{}/{}", attempt_.name, id);
  if (head.id.size() > 128) head.id = head.id.substr(head.id.size() - 128);
  head.source = kSource;
  head.subject = attempt_.name;
  return protocol::write_message(kind, head, data) + "\n";
}

Deeds Talk::leave(Millis now, Verdict verdict) {
  Deeds deeds;
  if (!made_.has_value()) made_ = std::move(verdict);
  deeds.close_input = true;
  enter(now, Stage::kLeaving);
  return deeds;
}

Deeds Talk::fail_with(Millis now, TaskErrorCode code, Phase phase, std::string text) {
  Verdict verdict;
  verdict.error = make_task_error(code, phase, std::move(text));
  Deeds deeds = leave(now, std::move(verdict));
  // It does not speak as it should: nothing that it is told would help.
  deeds.signal = SIGTERM;
  enter(now, Stage::kTerminating);
  return deeds;
}

Deeds Talk::hear_line(Millis now, std::string_view line) {
  ++line_no_;
  if (made_.has_value() || line.find_first_not_of(" \t") == std::string_view::npos) return {};
  auto heard = plugin::hear(line);
  if (!heard.has_value()) {
    return fail_with(
        now, TaskErrorCode::kOutputInvalid, Phase::kRun,
        fmt::format("line {} of its standard output {}", line_no_, heard.error().message));
  }
  if (!heard->unknown.empty()) {
    Deeds deeds;
    deeds.lines.push_back({true, fmt::format("line {} of its standard output is passed over: "
                                             "nobody knows the message {}",
                                             line_no_, heard->unknown)});
    return deeds;
  }
  return hear(now, heard->message);
}

Deeds Talk::hear_too_much(Millis now) {
  if (made_.has_value()) return {};
  return fail_with(now, TaskErrorCode::kOutputInvalid, Phase::kRun,
                   fmt::format("line {} of its standard output has more than {} bytes, which no "
                               "message may have",
                               line_no_ + 1, grouped(protocol::kMessageMax)));
}

Deeds Talk::hear(Millis now, const Message& message) {
  switch (message.spec->kind) {
    case MessageKind::kReady:
      return stage_ == Stage::kReady ? invoke(now, message)
                                     : Deeds{};  // it takes more; we have one
    case MessageKind::kQueued:
    case MessageKind::kStarted:
    case MessageKind::kCompleted:
    case MessageKind::kError:
    case MessageKind::kCancelled:
    case MessageKind::kRejected:
    case MessageKind::kProgress:
    case MessageKind::kLog: return hear_of_attempt(now, message);
    case MessageKind::kHello:
      return fail_with(now, TaskErrorCode::kOutputInvalid, Phase::kStart,
                       "it says server.hello, and there are no sessions here; a plugin begins "
                       "with server.ready and its tasks");
    case MessageKind::kProblem: {
      Deeds deeds;
      deeds.lines.push_back({true, "it says: " + printable(message.data.text("message"))});
      return deeds;
    }
    default: return {};
  }
}

Deeds Talk::invoke(Millis now, const Message& ready) {
  const auto declared = declared_type(ready, step_.type);
  if (!declared.has_value()) {
    return fail_with(now, TaskErrorCode::kRejected, Phase::kStart, declared.error().message);
  }
  Deeds deeds;
  if (declared->version != step_.version) {
    deeds.lines.push_back(
        {true, fmt::format("it is version '{}' now; the flow was checked with '{}'",
                           printable(declared->version), printable(step_.version))});
  }
  const std::string data = fmt::format(
      R"({{"attempt":{},"run":{},"task":{},"fence":{{"epoch":1,"token":{}}},"revision":0,)"
      R"("idempotency_key":{},"inputs":{},"upstream":[],"trigger":{},)"
      R"("deadlines":{{"acknowledge":{},"start":{},"complete":{}}}}})",
      json_string(attempt_.name), json_string(attempt_.run_id),
      json_string(step_.type.substr(step_.type.find('/') + 1)), json_string(attempt_.fence),
      json_string(attempt_.run_id + "/" + attempt_.task), inputs_, step_.trigger,
      seconds(step_.acknowledge), seconds(step_.start), seconds(step_.complete));
  if (data.size() > protocol::kInvokeMax) {
    return fail_with(now, TaskErrorCode::kInputInvalid, Phase::kPrepare,
                     fmt::format("its inputs are {} bytes, and a plugin is sent at most {}: hand "
                                 "over where large data is, not the data",
                                 grouped(data.size()), grouped(protocol::kInvokeMax)));
  }
  deeds.to_program = message(MessageKind::kInvoke, "invoke", data);
  enter(now, Stage::kQueued);
  return deeds;
}

Deeds Talk::hear_of_attempt(Millis now, const Message& message) {
  const std::string_view word = message.spec->type;
  if (stage_ == Stage::kReady) {
    return fail_with(now, TaskErrorCode::kOutputInvalid, Phase::kStart,
                     fmt::format("line {} of its standard output is {}, and it was not invoked; a "
                                 "plugin begins with server.ready",
                                 line_no_, word));
  }
  if (message.data.text("attempt") != attempt_.name) {
    return fail_with(
        now, TaskErrorCode::kOutputInvalid, Phase::kRun,
        fmt::format("line {} of its standard output is {} of the attempt '{}', and it has '{}'",
                    line_no_, word, fit(printable(message.data.text("attempt")), 120),
                    attempt_.name));
  }
  Deeds deeds;
  switch (message.spec->kind) {
    case MessageKind::kQueued:
      if (stage_ == Stage::kQueued) enter(now, Stage::kStarted);
      return deeds;
    case MessageKind::kStarted:
      if (stage_ != Stage::kRunning) enter(now, Stage::kRunning);
      return deeds;
    case MessageKind::kProgress:
      if (stage_ != Stage::kRunning) enter(now, Stage::kRunning);
      deeds.lines.push_back(progress_line(message.data));
      return deeds;
    case MessageKind::kLog: {
      const bool error = message.data.text("stream") == "stderr";
      for (const std::string& line : message.data.texts("lines")) {
        deeds.lines.push_back({error, printable(line)});
      }
      return deeds;
    }
    case MessageKind::kCompleted: return complete(now, message.data);
    case MessageKind::kCancelled: {
      Verdict verdict;
      verdict.cancelled = cancel_by_ > 0;
      if (!verdict.cancelled) {
        verdict.error = make_task_error(TaskErrorCode::kTaskFailed, Phase::kRun,
                                        "it says that it was cancelled, and nobody did that");
      }
      return leave(now, std::move(verdict));
    }
    case MessageKind::kRejected: {
      Verdict verdict;
      const bool input = message.data.text("code") == "bad_input";
      verdict.error = make_task_error(
          input ? TaskErrorCode::kInputInvalid : TaskErrorCode::kRejected, Phase::kAcknowledge,
          fmt::format("{}: {}", message.data.text("code"), message.data.text("message")));
      return leave(now, std::move(verdict));
    }
    default: {
      Verdict verdict;
      verdict.error = error_in(message.data.object("error"));
      return leave(now, std::move(verdict));
    }
  }
}

Deeds Talk::complete(Millis now, const shape::JsonBody& data) {
  const std::string output = data.json("output");
  Verdict verdict;
  if (!step_.output_schema.empty() && !data.has("output_ref")) {
    const auto check = shape::schema_when_needed(step_.output_schema);
    const std::vector<Flaw> flaws = check->flaws_of(output.empty() ? "null" : output);
    if (!flaws.empty()) {
      verdict.error = make_task_error(
          TaskErrorCode::kOutputInvalid, Phase::kResult,
          "the output is not as the plugin declares it: " + shape::as_line(flaws, "#/output"));
      return leave(now, std::move(verdict));
    }
  }
  verdict.outputs = data.has("output_ref")
                        ? fmt::format(R"({{"output_ref":{}}})", data.json("output_ref"))
                        : outputs_of(output);
  return leave(now, std::move(verdict));
}

Deeds Talk::cancel(Millis now) {
  if (cancel_by_ > 0 || made_.has_value()) return {};
  cancel_by_ = now + kCancelWait;
  Deeds deeds;
  if (stage_ == Stage::kReady) {
    deeds.close_input = true;
  } else {
    const bool late =
        step_.complete > 0 && stage_ == Stage::kRunning && now >= began_ + step_.complete;
    deeds.to_program = message(
        MessageKind::kCancel, "cancel",
        fmt::format(
            R"({{"attempt":{},"fence":{{"epoch":1,"token":{}}},"reason":"{}","grace_s":{}}})",
            json_string(attempt_.name), json_string(attempt_.fence), late ? "timeout" : "user",
            seconds(kCancelWait)));
  }
  enter(now, stage_);
  return deeds;
}

Deeds Talk::on_time(Millis now) {
  if (next_ == 0 || now < next_) return {};
  if (cancel_by_ > 0 && now >= cancel_by_ && !made_.has_value()) {
    Verdict verdict;
    verdict.cancelled = true;
    Deeds deeds = leave(now, std::move(verdict));
    deeds.signal = SIGTERM;
    enter(now, Stage::kTerminating);
    return deeds;
  }
  Deeds deeds;
  switch (stage_) {
    case Stage::kReady:
      return fail_with(
          now, TaskErrorCode::kTimeoutAcknowledge, Phase::kStart,
          fmt::format("it did not say server.ready within {}", time_text(step_.acknowledge)));
    case Stage::kQueued:
      return fail_with(now, TaskErrorCode::kTimeoutAcknowledge, Phase::kAcknowledge,
                       fmt::format("it did not answer task.invoke with task.queued within {}",
                                   time_text(step_.acknowledge)));
    case Stage::kStarted:
      return fail_with(
          now, TaskErrorCode::kTimeoutStart, Phase::kStart,
          fmt::format("it did not say task.started within {}", time_text(step_.start)));
    case Stage::kRunning: next_ = 0; return deeds;
    case Stage::kLeaving:
      deeds.lines.push_back({true, fmt::format("it has not ended {} after its input did; it is "
                                               "asked to by SIGTERM",
                                               time_text(kLeaveWait))});
      deeds.signal = SIGTERM;
      enter(now, Stage::kTerminating);
      return deeds;
    case Stage::kTerminating:
      deeds.signal = SIGKILL;
      next_ = 0;
      return deeds;
  }
  return deeds;
}

Deeds Talk::ended(std::string_view how, std::string_view last_words) {
  Deeds deeds;
  next_ = 0;
  if (made_.has_value()) {
    verdict_ = std::move(made_);
    if (!verdict_->error.has_value() && !verdict_->cancelled && how != "exit code 0") {
      deeds.lines.push_back(
          {true, fmt::format("it ended with {} after task.completed; that counts", how)});
    }
    return deeds;
  }
  Verdict verdict;
  if (cancel_by_ > 0) {
    verdict.cancelled = true;
  } else {
    std::string text = fmt::format("it ended with {} before it said {}", how,
                                   stage_ == Stage::kReady ? "server.ready" : "how the task ended");
    if (!last_words.empty()) text += fmt::format(": {}", printable(last_words));
    verdict.error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, std::move(text));
  }
  verdict_ = std::move(verdict);
  return deeds;
}

}  // namespace cordyna::plugin
