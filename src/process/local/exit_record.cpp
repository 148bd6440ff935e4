#include "process/local/exit_record.hpp"

#include <boost/json.hpp>

#include "base/json_text.hpp"

namespace cordyna::local {
namespace {

constexpr int kVersion = 1;

void field(std::string& out, std::string_view name, std::int64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(value);
}

void field(std::string& out, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void flag(std::string& out, std::string_view name, bool value) {
  if (!value) return;
  out += ",\"";
  out += name;
  out += "\":true";
}

std::int64_t number(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return 0;
  return value->get_int64();
}

bool is_set(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

}  // namespace

std::string encode(const ExitRecord& record) {
  std::string out = "{\"version\":" + std::to_string(kVersion);
  field(out, "exit", record.exit_code);
  field(out, "signal", record.signal);
  field(out, "started", record.started);
  field(out, "ended", record.ended);
  flag(out, "timeout", record.timeout);
  flag(out, "cancelled", record.cancelled);
  field(out, "spawn_error", record.spawn_error);
  field(out, "disk_error", record.disk_error);
  flag(out, "disk_full", record.disk_full);
  field(out, "max_rss_kb", static_cast<std::int64_t>(record.max_rss_kb));
  field(out, "log_bytes", static_cast<std::int64_t>(record.log_bytes));
  flag(out, "log_truncated", record.log_truncated);
  field(out, "last_error_line", record.last_error_line);
  if (record.over != Over::kNothing) {
    field(out, "over", static_cast<std::int64_t>(record.over));
    field(out, "over_limit", static_cast<std::int64_t>(record.over_limit));
  }
  if (record.memory_peak > 0) {
    field(out, "memory_peak", static_cast<std::int64_t>(record.memory_peak));
  }
  field(out, "note", record.note);
  flag(out, "left_nothing", record.left_nothing);
  out += "}\n";
  return out;
}

Result<ExitRecord> parse_exit_record(std::string_view text) {
  boost::system::error_code error;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kCorrupt, "the exit record is damaged");
  }
  const boost::json::object& object = value.get_object();
  if (number(object, "version") != kVersion) {
    return fail(ErrorCode::kCorrupt, "the exit record is of another version than " +
                                         std::to_string(kVersion) + "; use a newer dyna");
  }
  ExitRecord record;
  record.exit_code = static_cast<int>(number(object, "exit"));
  record.signal = static_cast<int>(number(object, "signal"));
  record.started = number(object, "started");
  record.ended = number(object, "ended");
  record.timeout = is_set(object, "timeout");
  record.cancelled = is_set(object, "cancelled");
  record.spawn_error = text_of(object, "spawn_error");
  record.disk_error = text_of(object, "disk_error");
  record.disk_full = is_set(object, "disk_full");
  record.max_rss_kb = static_cast<std::uint64_t>(number(object, "max_rss_kb"));
  record.log_bytes = static_cast<std::uint64_t>(number(object, "log_bytes"));
  record.log_truncated = is_set(object, "log_truncated");
  record.last_error_line = text_of(object, "last_error_line");
  const std::int64_t over = number(object, "over");
  if (over > 0 && over <= static_cast<std::int64_t>(Over::kFileSize)) {
    record.over = static_cast<Over>(over);
  }
  record.over_limit = static_cast<std::uint64_t>(number(object, "over_limit"));
  record.memory_peak = static_cast<std::uint64_t>(number(object, "memory_peak"));
  record.note = text_of(object, "note");
  record.left_nothing = is_set(object, "left_nothing");
  return record;
}

}  // namespace cordyna::local
