#include "cli/report_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "service/report_files.hpp"

namespace cordyna::cli {
namespace {

namespace json = boost::json;

constexpr const char* kGone =
    " (removed: it held columns that tell about persons; keep_pii: true keeps it)";

json::object parse(const std::string& text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  return error.failed() || !value.is_object() ? json::object() : value.get_object();
}

const json::object& object_at(const json::object& object, json::string_view key) {
  static const json::object none;
  const json::value* value = object.if_contains(key);
  return value == nullptr || !value->is_object() ? none : value->get_object();
}

const json::array& list_at(const json::object& object, json::string_view key) {
  static const json::array none;
  const json::value* value = object.if_contains(key);
  return value == nullptr || !value->is_array() ? none : value->get_array();
}

std::string text_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  const json::string* text = value->if_string();
  return printable(text == nullptr ? json::serialize(*value)
                                   : std::string(text->data(), text->size()));
}

std::optional<std::size_t> count_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64() && value->get_int64() >= 0) {
    return static_cast<std::size_t>(value->get_int64());
  }
  if (value->is_uint64()) return static_cast<std::size_t>(value->get_uint64());
  return std::nullopt;
}

std::string megabytes(std::size_t bytes) {
  return fmt::format("{:.0f} MB", static_cast<double>(bytes) / 1e6);
}

std::string seconds_at(const json::object& outputs) {
  const json::value* value = outputs.if_contains("seconds");
  if (value == nullptr || !value->is_number()) return {};
  return fmt::format("{:.3f} s", value->to_number<double>());
}

void field(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) fmt::format_to(std::back_inserter(out), "  {:<12} {}\n", name, value);
}

/// "21,613 in, 21,000 out, 13 rejected"
std::string rows_of(const json::object& outputs) {
  constexpr std::array<std::pair<const char*, const char*>, 6> kCounts{
      {{"rows_in", "in"},
       {"rows", "out"},
       {"rejected", "rejected"},
       {"quarantined", "quarantined"},
       {"duplicates", "duplicates"},
       {"conflicts", "conflicts"}}};
  std::string out;
  for (const auto& [key, word] : kCounts) {
    const auto count = count_at(outputs, key);
    if (!count.has_value()) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(*count), word);
  }
  for (const auto& item : object_at(outputs, "unmatched")) {
    const auto count = count_at(object_at(outputs, "unmatched"), item.key());
    if (count.value_or(0) == 0) continue;
    out += fmt::format(", {} of {} without a partner", grouped(*count),
                       printable({item.key().data(), item.key().size()}));
  }
  return out;
}

void append_columns(std::string& out, const json::object& outputs, const Palette& palette) {
  const json::array& schema = list_at(outputs, "schema");
  if (schema.empty()) return;
  std::size_t names = 0;
  std::size_t types = 0;
  for (const json::value& item : schema) {
    if (!item.is_object()) return;
    names = std::max(names, display_width(text_at(item.get_object(), "name")));
    types = std::max(types, display_width(text_at(item.get_object(), "type")));
  }
  fmt::format_to(std::back_inserter(out), "{}\n", palette.paint(Colour::kBold, "columns"));
  const json::object& rates = object_at(outputs, "null_rates");
  for (const json::value& item : schema) {
    const json::object& column = item.get_object();
    const json::value* rate = rates.if_contains(column.at("name").as_string());
    std::string line = fmt::format("  {}  {}", pad(text_at(column, "name"), names),
                                   pad(text_at(column, "type"), types));
    line += rate != nullptr && rate->is_number()
                ? fmt::format("  {:>7.3g} % null", 100 * rate->to_number<double>())
                : std::string(16, ' ');
    if (text_at(column, "pii") == "true") line += "  pii";
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
}

void append_checks(std::string& out, const json::object& outputs, const Palette& palette) {
  const json::array& checks = list_at(outputs, "checks");
  if (checks.empty()) return;
  fmt::format_to(std::back_inserter(out), "{}\n", palette.paint(Colour::kBold, "checks"));
  std::size_t names = 0;
  for (const json::value& item : checks) {
    if (!item.is_object()) return;
    names = std::max(names, display_width(text_at(item.get_object(), "name")));
  }
  constexpr std::size_t kNamesMax = 60;
  names = std::min(names, kNamesMax);
  for (const json::value& item : checks) {
    const json::object& check = item.get_object();
    const std::size_t bad = count_at(check, "bad").value_or(0);
    fmt::format_to(std::back_inserter(out), "  {} {}  {:<10}  {}\n", bad == 0 ? "✓" : "✗",
                   pad(text_at(check, "name"), names), text_at(check, "severity"),
                   bad == 0 ? "all rows" : fmt::format("{} bad", counted(bad, "row")));
  }
}

void append_files(std::string& out, const TaskReport& report, const json::object& outputs,
                  const Palette& palette) {
  std::string files;
  for (const auto& [name, path] : files_of_report(report.json)) {
    const bool gone = std::ranges::find(report.gone, name) != report.gone.end();
    field(files, name, gone ? printable(path) + kGone : printable(path));
  }
  for (const json::value& target : list_at(outputs, "targets")) {
    if (target.is_string()) {
      field(files, "shared", printable(std::string(target.get_string())));
    }
  }
  if (files.empty()) return;
  fmt::format_to(std::back_inserter(out), "{}\n{}", palette.paint(Colour::kBold, "files"), files);
}

std::string state_of(const TaskReport& report) {
  std::string out(to_string(report.state));
  if (report.attempt > 0) {
    out += fmt::format(", attempt {} of {}", report.attempt, report.attempts);
  }
  return out;
}

}  // namespace

std::string report_as_text(const TaskReport& report, const Palette& palette) {
  std::string out =
      fmt::format("{} {}\n", palette.paint(Colour::kBold, "task"), printable(report.task));
  field(out, "type", report.type);
  field(out, "state", state_of(report));
  field(out, "error", printable(report.error));
  const json::object whole = parse(report.json);
  const json::object& outputs = object_at(whole, "outputs");
  field(out, "rows", rows_of(outputs));
  field(out, "took", seconds_at(outputs));
  const auto memory = count_at(outputs, "memory_peak_bytes");
  if (memory.has_value()) field(out, "memory", megabytes(*memory) + " at most");
  if (report.json.empty()) field(out, "report", "none: only data steps write one, at their end");
  append_columns(out, outputs, palette);
  append_checks(out, outputs, palette);
  const json::array& messages = list_at(whole, "messages");
  if (!messages.empty()) {
    fmt::format_to(std::back_inserter(out), "{}\n", palette.paint(Colour::kBold, "warnings"));
    for (const json::value& message : messages) {
      if (message.is_string()) out += "  " + printable(std::string(message.get_string())) + "\n";
    }
  }
  append_files(out, report, outputs, palette);
  return out;
}

std::string reports_as_table(const std::vector<TaskReport>& reports) {
  constexpr std::size_t kColumns = 9;
  using Line = std::array<std::string, kColumns>;
  std::vector<Line> lines{
      {"TASK", "TYPE", "STATE", "IN", "OUT", "REJECTED", "QUARANTINED", "TOOK", "MEMORY"}};
  for (const TaskReport& report : reports) {
    const json::object whole = parse(report.json);
    const json::object& outputs = object_at(whole, "outputs");
    const auto cell = [&outputs](const char* key) {
      const auto count = count_at(outputs, key);
      return count.has_value() ? grouped(*count) : std::string();
    };
    const auto memory = count_at(outputs, "memory_peak_bytes");
    lines.push_back({printable(report.task), report.type, std::string(to_string(report.state)),
                     cell("rows_in"), cell("rows"), cell("rejected"), cell("quarantined"),
                     seconds_at(outputs), memory.has_value() ? megabytes(*memory) : ""});
  }
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  constexpr std::size_t kTexts = 3;  // the others are numbers, and stand on the right
  std::string out;
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string blanks(widths[i] - display_width(line[i]), ' ');
      text += (i == 0 ? "" : "  ") + (i < kTexts ? line[i] + blanks : blanks + line[i]);
    }
    while (text.ends_with(' ')) text.pop_back();
    out += text + "\n";
  }
  return out;
}

std::string report_as_json(const TaskReport& report) {
  std::string out = "{\"task\":";
  append_json(out, report.task);
  out += ",\"type\":";
  append_json(out, report.type);
  fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\",\"attempt\":{}",
                 to_string(report.state), report.attempt);
  if (!report.error.empty()) {
    out += ",\"error\":";
    append_json(out, report.error);
  }
  if (!report.gone.empty()) {
    json::array gone;
    for (const std::string& name : report.gone) gone.emplace_back(name);
    out += ",\"removed\":" + json::serialize(gone);
  }
  const json::object whole = parse(report.json);
  return out + ",\"report\":" + (whole.empty() ? "null" : json::serialize(whole)) + "}";
}

}  // namespace cordyna::cli
