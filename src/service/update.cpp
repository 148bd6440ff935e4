#include "service/update.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <iterator>

#include "base/text.hpp"

namespace cordyna {
namespace {

namespace json = boost::json;

void append_key(std::string& out, std::string_view key, std::string_view value) {
  out += ",\"";
  out += key;
  out += "\":";
  append_json(out, value);
}

void append_number(std::string& out, std::string_view key, std::int64_t value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, value);
}

void append_front(std::string& out, Millis at, RunNo run) {
  out += "{\"at\":\"";
  out += format_timestamp(at);
  fmt::format_to(std::back_inserter(out), "\",\"run\":{}", run);
}

std::string_view stream_name(char stream) {
  if (stream == 'e') return "stderr";
  return stream == 'o' ? "stdout" : "system";
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string().data(), value->get_string().size());
}

std::int64_t number_of(const json::object& object, std::string_view key, std::int64_t otherwise) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

/// "2026-11-21T07:50:00.123Z" back; 0 where it is anything else.
Millis parse_timestamp(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned millis = 0;
  if (text.size() != 24 || std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u.%3uZ", &year, &month,
                                       &day, &hour, &minute, &second, &millis) != 7) {
    return 0;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok()) return 0;
  const Millis days = std::chrono::sys_days{date}.time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60'000 + Millis{second} * 1000 + millis;
}

std::shared_ptr<const TaskError> parse_error(const json::object& object) {
  const auto code = parse_task_error_code(text_of(object, "code"));
  if (!code.has_value()) return nullptr;
  auto error = std::make_shared<TaskError>();
  error->code = *code;
  error->message = text_of(object, "message");
  error->phase = parse_phase(text_of(object, "phase")).value_or(Phase::kInfra);
  error->owner = text_of(object, "owner");
  error->exit_code = static_cast<std::int32_t>(number_of(object, "exit_code", -1));
  const json::value* retryable = object.if_contains("retryable");
  error->retryable = retryable != nullptr && retryable->is_bool() && retryable->get_bool();
  return error;
}

Update parse_object(const json::object& object) {
  Update update;
  update.at = parse_timestamp(text_of(object, "at"));
  update.run = number_of(object, "run", 0);
  update.seq = number_of(object, "seq", 0);
  update.task = text_of(object, "task");
  update.attempt = static_cast<std::uint32_t>(number_of(object, "attempt", 0));
  const std::string state = text_of(object, "state");
  if (update.task.empty()) {
    update.run_state = parse_run_state(state);
  } else {
    update.task_state = parse_task_state(state);
    update.attempt_state = parse_attempt_state(text_of(object, "attempt_state"));
  }
  update.detail = text_of(object, "detail");
  const json::value* error = object.if_contains("error");
  if (error != nullptr && error->is_object()) update.error = parse_error(error->get_object());
  return update;
}

}  // namespace

Update make_update(const HistoryRow& row) {
  Update update;
  update.at = row.at;
  update.run = row.run;
  update.seq = row.seq;
  update.task = row.path;
  update.attempt = row.attempt;
  update.run_state = row.run_state;
  update.task_state = row.task_state;
  update.attempt_state = row.attempt_state;
  update.detail = row.detail;
  return update;
}

bool rests_run(const Update& update) {
  return update.run_state.has_value() && rests(*update.run_state);
}

bool is_held(const Update& update) {
  return update.attempt_state == AttemptState::kCompleted && update.detail.starts_with("held: ") &&
         update.task_state.value_or(TaskState::kPending) == TaskState::kPending;
}

bool is_waiting(const Update& update) {
  if (is_between_attempts(update)) return update.detail.starts_with("not yet: ");
  return update.attempt_state == AttemptState::kCompleted && update.detail.starts_with("waits: ") &&
         update.task_state.value_or(TaskState::kPending) == TaskState::kPending;
}

bool wants_error(const HistoryRow& row) {
  return row.attempt_state == AttemptState::kFailed || row.task_state == TaskState::kError;
}

bool is_between_attempts(const Update& update) {
  return update.attempt_state == AttemptState::kFailed &&
         (!update.task_state.has_value() || update.task_state == TaskState::kPending);
}

void append_json(std::string& out, const TaskError& error) {
  fmt::format_to(std::back_inserter(out), "{{\"code\":\"{}\"", info(error.code).name);
  append_key(out, "message", error.message);
  append_key(out, "phase", to_string(error.phase));
  append_key(out, "owner", error.owner);
  if (error.exit_code >= 0) append_number(out, "exit_code", error.exit_code);
  out += error.retryable ? ",\"retryable\":true}" : ",\"retryable\":false}";
}

void append_json(std::string& out, const Update& update) {
  append_front(out, update.at, update.run);
  if (update.seq != 0) append_number(out, "seq", update.seq);
  if (!update.task.empty()) append_key(out, "task", update.task);
  if (update.attempt != 0) append_number(out, "attempt", update.attempt);
  if (update.run_state.has_value()) append_key(out, "state", to_string(*update.run_state));
  if (update.task_state.has_value()) append_key(out, "state", to_string(*update.task_state));
  if (update.attempt_state.has_value()) {
    append_key(out, "attempt_state", to_string(*update.attempt_state));
  }
  if (!update.detail.empty()) append_key(out, "detail", update.detail);
  if (update.error != nullptr) {
    out += ",\"error\":";
    append_json(out, *update.error);
  }
  out += '}';
}

void append_json(std::string& out, const OutputLine& line) {
  append_front(out, line.at, line.run);
  append_key(out, "task", line.task);
  if (line.attempt != 0) append_number(out, "attempt", line.attempt);
  append_key(out, "stream", stream_name(line.stream));
  if (line.continued) out += ",\"continued\":true";
  append_key(out, "text", line.text);
  out += '}';
}

Result<Update> parse_update(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kCorrupt, "the owner sent a line that is not a JSON object");
  }
  return parse_object(value.get_object());
}

}  // namespace cordyna
