#include "embed/job_text.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstddef>
#include <utility>

#include "base/text.hpp"
#include "embed/flow_text.hpp"
#include "embed/json_slice.hpp"

namespace cordyna::embed {
namespace {

std::string text_or_empty(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

const boost::json::object* object_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += fmt::format(R"({}"{}":)", out.back() == '{' ? "" : ",", name);
  append_json(out, text);
}

Event event_of(const boost::json::object& object) {
  Event event;
  event.location = text_or_empty(object, "location");
  event.operation =
      parse_operation(text_or_empty(object, "operation")).value_or(Operation::kUnknown);
  event.id = text_or_empty(object, "id");
  event.trigger = text_or_empty(object, "trigger");
  if (const auto* at = object.if_contains("at"); at != nullptr && at->is_int64()) {
    event.at = EventTime(std::chrono::milliseconds(at->get_int64()));
  }
  event.data = text_or_empty(object, "data");
  event.key = text_or_empty(object, "key");
  return event;
}

ExitStatus exit_status_of(std::string_view word) {
  for (const ExitStatus one : {ExitStatus::kUnstarted, ExitStatus::kSuccess, ExitStatus::kFail}) {
    if (to_string(one) == word) return one;
  }
  return ExitStatus::kUnknown;
}

ProcessStatus status_of(const boost::json::object& object) {
  ProcessStatus status;
  status.name = text_or_empty(object, "name");
  status.status = exit_status_of(text_or_empty(object, "status"));
  const auto* logs = object.if_contains("logs");
  if (logs == nullptr || !logs->is_array()) return status;
  for (const auto& line : logs->get_array()) {
    if (const auto* text = line.if_string()) status.logs.emplace_back(text->data(), text->size());
  }
  return status;
}

std::unexpected<Error> bad_job_text(std::string_view what) {
  return fail(ErrorCode::kCorrupt, fmt::format("{} cannot be read back from the state", what));
}

}  // namespace

std::string payload_of(const Event& event) {
  std::string inner = "{";
  append_member(inner, "location", event.location);
  append_member(inner, "operation", to_string(event.operation));
  append_member(inner, "id", event.id);
  append_member(inner, "trigger", event.trigger);
  inner += fmt::format(R"(,"at":{})", event.at.time_since_epoch().count());
  append_member(inner, "data", event.data);
  append_member(inner, "key", event.key);
  return fmt::format(R"({{"event":{}}}}})", inner);
}

std::string outputs_of(const ProcessStatus& status) {
  std::string out = "{";
  append_member(out, "name", status.name);
  append_member(out, "status", to_string(status.status));
  out += R"(,"logs":[)";
  bool first = true;
  for (const std::string& line : last_lines(status.logs, kLogBytesMax)) {
    if (!std::exchange(first, false)) out += ',';
    append_json(out, line);
  }
  return out + "]}";
}

Result<Job> job_of(const StartAttempt& command) {
  const auto value = parse_json("context", command.context);
  const auto* context = value.has_value() ? value->if_object() : nullptr;
  const auto* inputs = context == nullptr ? nullptr : object_of(*context, "inputs");
  const auto* event = inputs == nullptr ? nullptr : object_of(*inputs, "event");
  if (event == nullptr) return bad_job_text("an event");
  Job job{event_of(*event), {}};
  const std::vector<std::string> before = before_of(command.flow->tasks[command.task]);
  const auto* outputs = before.empty() ? nullptr : object_of(*context, "outputs");
  for (const std::string& id : before) {
    const auto* status = outputs == nullptr ? nullptr : object_of(*outputs, id);
    if (status == nullptr) return bad_job_text(fmt::format("the status of process '{}'", id));
    job.before.push_back(status_of(*status));
  }
  return job;
}

std::vector<std::string> last_lines(const std::vector<std::string>& lines, std::size_t bytes) {
  std::size_t first = lines.size();
  std::size_t size = 0;
  while (first > 0 && size + lines[first - 1].size() + 1 <= bytes) {
    size += lines[--first].size() + 1;
  }
  std::vector<std::string> kept;
  if (first > 0) kept.push_back(fmt::format("({} before are left out)", counted(first, "line")));
  kept.insert(kept.end(), lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end());
  return kept;
}

}  // namespace cordyna::embed
