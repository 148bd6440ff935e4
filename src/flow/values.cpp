#include "flow/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/durations.hpp"
#include "base/words.hpp"
#include "flow/json_text.hpp"
#include "model/task_error.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kMapKeyMax = 256;
constexpr double kCpuLeast = 0.01;

constexpr std::array kColumnTypes{std::string_view("string"), std::string_view("int32"),
                                  std::string_view("int64"),  std::string_view("double"),
                                  std::string_view("date"),   std::string_view("timestamp"),
                                  std::string_view("bool"),   std::string_view("decimal(18,2)")};

constexpr std::array kReservedEnv{std::string_view("LD_PRELOAD"), std::string_view("LD_AUDIT"),
                                  std::string_view("BASH_ENV"), std::string_view("ENV"),
                                  std::string_view("IFS")};

std::string shown(const Node& node) {
  if (node.kind == NodeKind::kNull) return "nothing";
  return node.is_scalar() ? quoted(node.text) : std::string(describe(node.kind));
}

std::int64_t int_of(const Node& node) {
  std::int64_t value = 0;
  const std::string json = scalar_as_json(node);
  std::from_chars(json.data(), json.data() + json.size(), value);
  return value;
}

/// "decimal(18,2)", with 1..38 digits.
bool is_decimal(std::string_view text) {
  if (!text.starts_with("decimal(") || !text.ends_with(')')) return false;
  const char* at = text.data() + 8;
  const char* end = text.data() + text.size() - 1;
  int digits = 0;
  int scale = -1;
  auto got = std::from_chars(at, end, digits);
  if (got.ec != std::errc{} || got.ptr == end || *got.ptr != ',') return false;
  at = got.ptr + 1;
  if (at != end && *at == ' ') ++at;
  got = std::from_chars(at, end, scale);
  return got.ec == std::errc{} && got.ptr == end && digits >= 1 && digits <= 38 && scale >= 0 &&
         scale <= digits;
}

bool is_exit_code(std::string_view text) {
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  return error == std::errc{} && end == text.data() + text.size() && code >= 1 && code <= 255;
}

std::vector<std::string_view> retry_words() {
  std::vector<std::string_view> words{"error", "timeout", "lost", "rejected"};
  for (const TaskErrorInfo& row : task_error_table()) words.push_back(row.name);
  return words;
}

std::vector<std::string_view> names_of(std::span<const KeySpec> keys) {
  std::vector<std::string_view> names;
  for (const KeySpec& key : keys) names.push_back(key.name);
  return names;
}

/// Whether the value is only the object's short field.
bool stands_for_object(const Node& node, const KeySpec& spec) {
  if (spec.short_field.empty()) return false;
  if (node.is_scalar()) return true;
  const KeySpec* field = find_key(spec.fields, spec.short_field);
  return node.kind == NodeKind::kList && field != nullptr && field->kind == ValueKind::kList;
}

}  // namespace

bool is_env_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool ValueReader::wrong_type(const Node& node, std::string_view name, std::string_view wanted) {
  reporter_.error(node, Code::kWrongType,
                  fmt::format("'{}' wants {}, not {}", name, wanted, shown(node)));
  return false;
}

std::optional<std::string_view> ValueReader::text(const Node& node, std::string_view name) {
  if (node.is_scalar() && node.kind != NodeKind::kNull) return node.text;
  std::string wanted = "a string";
  if (node.kind == NodeKind::kMap && node.first != nullptr && !node.first->is_scalar()) {
    wanted += " (in quotes where it begins with '{{')";
  }
  wrong_type(node, name, wanted);
  return std::nullopt;
}

std::optional<std::int64_t> ValueReader::integer(const Node& node, const KeySpec& spec,
                                                 std::string_view name) {
  if (node.kind != NodeKind::kInt) {
    wrong_type(node, name, "a whole number");
    return std::nullopt;
  }
  const std::int64_t value = int_of(node);
  if (value >= spec.least && value <= spec.most) return value;
  const bool open = spec.most == std::numeric_limits<std::int64_t>::max();
  reporter_.error(
      node, Code::kBadValue,
      open ? fmt::format("'{}' is at least {}, not {}", name, spec.least, value)
           : fmt::format("'{}' is from {} to {}, not {}", name, spec.least, spec.most, value));
  return std::nullopt;
}

std::optional<bool> ValueReader::boolean(const Node& node, std::string_view name) {
  if (node.kind == NodeKind::kBool) return scalar_as_json(node) == "true";
  wrong_type(node, name, "true or false");
  return std::nullopt;
}

std::optional<Millis> ValueReader::duration(const Node& node, const KeySpec& spec,
                                            std::string_view name) {
  if (node.kind != NodeKind::kString) {
    wrong_type(node, name, "a duration with its unit, such as 10s, 5m or PT10M");
    return std::nullopt;
  }
  const auto parsed = parse_duration(node.text);
  if (!parsed.has_value()) {
    reporter_.error(node, Code::kBadValue, fmt::format("'{}': {}", name, parsed.error().message));
    return std::nullopt;
  }
  if (*parsed >= spec.least && *parsed <= spec.most) return *parsed;
  if (*parsed > spec.most) {
    reporter_.error(node, Code::kBadValue,
                    fmt::format("'{}' is at most {}, not {}", name, format_delay(spec.most),
                                quoted(node.text)));
    return std::nullopt;
  }
  reporter_.error(node, Code::kBadValue,
                  spec.least > 1
                      ? fmt::format("'{}' is at least {}, not {}", name, format_delay(spec.least),
                                    quoted(node.text))
                      : fmt::format("'{}' is longer than 0; leave it out for no limit", name));
  return std::nullopt;
}

std::optional<std::size_t> ValueReader::word(const Node& node, const KeySpec& spec,
                                             std::string_view name) {
  const auto given = text(node, name);
  if (!given.has_value()) return std::nullopt;
  const auto found = std::ranges::find(spec.words, *given);
  if (found != spec.words.end()) return static_cast<std::size_t>(found - spec.words.begin());
  const std::vector<std::string_view> words(spec.words.begin(), spec.words.end());
  reporter_.error(node, Code::kBadValue,
                  fmt::format("'{}' is {}, not {}{}", name, join_or(words), quoted(*given),
                              did_you_mean(*given, words)));
  return std::nullopt;
}

bool ValueReader::is_map(const Node& node, std::string_view name) {
  return node.kind == NodeKind::kMap || wrong_type(node, name, "a map of keys and values");
}

bool ValueReader::is_list(const Node& node, std::string_view name) {
  return node.kind == NodeKind::kList || wrong_type(node, name, "a list");
}

bool ValueReader::read(const Node& node, const KeySpec& spec, std::string_view name,
                       std::string& out) {
  switch (spec.kind) {
    case ValueKind::kText:
    case ValueKind::kTemplate:
    case ValueKind::kCondition:
    case ValueKind::kShell:
    case ValueKind::kPython:
    case ValueKind::kVerbatim:
    case ValueKind::kSql:
    case ValueKind::kUrl:
    case ValueKind::kId:
    case ValueKind::kNamespace:
    case ValueKind::kRetryOn:
    case ValueKind::kDataColumn:
    case ValueKind::kColumnType:
    case ValueKind::kSize: return read_text(node, spec, name, out);
    case ValueKind::kTask:
    case ValueKind::kNeed:
    case ValueKind::kDataTask:
    case ValueKind::kEnum: return read_named(node, spec, name, out);
    case ValueKind::kInt:
    case ValueKind::kNumber:
    case ValueKind::kBool:
    case ValueKind::kCpu:
    case ValueKind::kDuration: return read_number(node, spec, name, out);
    case ValueKind::kScalar:
      if (!text(node, name).has_value()) return false;
      return read_any(node, out);
    case ValueKind::kAny: return read_any(node, out);
    case ValueKind::kList: return read_list(node, spec, name, out);
    case ValueKind::kTasks: return is_list(node, name);  // read by who knows tasks
    case ValueKind::kMap: return read_map(node, spec, name, out);
    case ValueKind::kObject:
      if (stands_for_object(node, spec)) return read_short(node, spec, name, out);
      return read_object(node, spec.fields, name, out);
  }
  return false;
}

bool ValueReader::check_text(const Node& node, std::string_view text, ValueKind kind,
                             std::string_view name) {
  const auto refuse = [&](Code code, std::string message) {
    reporter_.error(node, code, std::move(message));
    return false;
  };
  if (kind == ValueKind::kId && !is_id(text)) {
    return refuse(Code::kBadId,
                  fmt::format("{} is not an id; ids are up to 128 of a-z, 0-9, '.', '_' and '-', "
                              "and begin with a letter or digit",
                              quoted(text)));
  }
  if (kind == ValueKind::kNamespace &&
      (!is_id(text) || text.ends_with('.') || text.find("..") != std::string_view::npos)) {
    return refuse(Code::kBadId, fmt::format("{} is not a namespace; write ids joined by dots, "
                                            "such as acme.housing",
                                            quoted(text)));
  }
  if (kind == ValueKind::kRetryOn && !is_exit_code(text)) {
    const std::vector<std::string_view> words = retry_words();
    if (std::ranges::find(words, text) == words.end()) {
      return refuse(Code::kBadValue,
                    fmt::format("'{}' takes exit codes (1 to 255), error, timeout, lost, rejected "
                                "or codes such as EXIT_NONZERO, not {}{}",
                                name, quoted(text), did_you_mean(text, words)));
    }
  }
  if (kind == ValueKind::kDataColumn) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) {
      return refuse(Code::kBadValue, fmt::format("'{}' is a data task and one of its columns, such "
                                                 "as zips.code, not {}",
                                                 name, quoted(text)));
    }
  }
  if (kind == ValueKind::kColumnType && !is_decimal(text)) {
    const std::vector<std::string_view> words(kColumnTypes.begin(), kColumnTypes.end());
    if (std::ranges::find(words, text) == words.end()) {
      return refuse(Code::kBadValue, fmt::format("a column's type is {}, not {}{}", join_or(words),
                                                 quoted(text), did_you_mean(text, words)));
    }
  }
  return true;
}

bool ValueReader::check_size(const Node& node, const KeySpec& spec, std::string_view name) {
  const auto size = parse_size(node.text);
  if (size.has_value() && *size >= static_cast<std::uint64_t>(spec.least)) return true;
  reporter_.error(node, Code::kBadValue,
                  size.has_value() ? fmt::format("'{}' is at least {} MiB, not {}", name,
                                                 spec.least >> 20, quoted(node.text))
                                   : fmt::format("'{}': {}", name, size.error().message));
  return false;
}

bool ValueReader::read_text(const Node& node, const KeySpec& spec, std::string_view name,
                            std::string& out) {
  const auto given = text(node, name);
  if (!given.has_value()) return false;
  const bool has_template = tmpl::has_template(*given);
  const bool evaluated = spec.kind == ValueKind::kTemplate || spec.kind == ValueKind::kCondition ||
                         spec.kind == ValueKind::kShell || spec.kind == ValueKind::kSql ||
                         spec.kind == ValueKind::kUrl;
  if (has_template && !evaluated && spec.kind != ValueKind::kVerbatim) {
    const bool python = spec.kind == ValueKind::kPython;
    reporter_.error_in(
        node, given->find('{'), Code::kTemplateNotAllowed,
        python ? "a python script has no templates; read values with `from cordyna_task import "
                 "inputs, outputs`, and secrets from `env`"
               : fmt::format("'{}' is not a template; it is read before values are known", name));
    return false;
  }
  if (spec.required && given->find_first_not_of(" \t\r\n") == std::string_view::npos) {
    reporter_.error(node, Code::kBadValue, fmt::format("'{}' is empty", name));
    return false;
  }
  if (!check_text(node, *given, spec.kind, name)) return false;
  if (spec.kind == ValueKind::kSize && !check_size(node, spec, name)) return false;
  if (has_template && evaluated) uses_.templates.push_back({&node, spec.kind});
  append_json_string(out, *given);
  return true;
}

bool ValueReader::read_named(const Node& node, const KeySpec& spec, std::string_view name,
                             std::string& out) {
  if (spec.kind == ValueKind::kEnum) {
    const auto place = word(node, spec, name);
    if (!place.has_value()) return false;
    append_json_string(out, spec.words[*place]);
    return true;
  }
  if (node.kind == NodeKind::kMap && spec.kind == ValueKind::kNeed) {
    return read_need(node, spec, name, out);
  }
  const auto given = text(node, name);
  if (!given.has_value()) return false;
  uses_.tasks.push_back({&node, name, spec.kind == ValueKind::kDataTask});
  append_json_string(out, *given);
  return true;
}

/// What another flow must have done.
bool ValueReader::read_need(const Node& node, const KeySpec& spec, std::string_view name,
                            std::string& out) {
  if (node.find("task") != nullptr) {
    reporter_.error(node, Code::kNotYet,
                    "tasks of other servers ({task: …, within: …}) are not supported by this "
                    "version; name a task of this flow, or a flow: {flow: acme.orders/load, "
                    "within: 1h}");
    return false;
  }
  if (!read_object(node, spec.fields, name, out)) return false;
  uses_.tasks.push_back({&node, name, false});
  return true;
}

bool ValueReader::read_number(const Node& node, const KeySpec& spec, std::string_view name,
                              std::string& out) {
  if (spec.kind == ValueKind::kBool) {
    const auto value = boolean(node, name);
    if (value.has_value()) out += *value ? "true" : "false";
    return value.has_value();
  }
  if (spec.kind == ValueKind::kInt) {
    const auto value = integer(node, spec, name);
    if (value.has_value()) out += fmt::format("{}", *value);
    return value.has_value();
  }
  if (spec.kind == ValueKind::kDuration) {
    const auto value = duration(node, spec, name);
    if (value.has_value()) append_json_string(out, canonical_duration(*value));
    return value.has_value();
  }
  if (node.kind != NodeKind::kInt && node.kind != NodeKind::kFloat) {
    return wrong_type(node, name, "a number");
  }
  const std::string json = scalar_as_json(node);
  double value = 0;
  std::from_chars(json.data(), json.data() + json.size(), value);
  if (spec.kind == ValueKind::kCpu && value < kCpuLeast) {
    reporter_.error(
        node, Code::kBadValue,
        fmt::format("'{}' is at least {} cores, not {}", name, kCpuLeast, quoted(node.text)));
    return false;
  }
  if (value < static_cast<double>(spec.least) || value > static_cast<double>(spec.most)) {
    reporter_.error(node, Code::kBadValue,
                    fmt::format("'{}' is from {} to {}, not {}", name, spec.least, spec.most,
                                quoted(node.text)));
    return false;
  }
  out += fmt::format("{}", value);
  return true;
}

bool ValueReader::read_list(const Node& node, const KeySpec& spec, std::string_view name,
                            std::string& out) {
  const KeySpec& item = *spec.item;
  if (node.kind != NodeKind::kList) {
    const bool single = spec.one_or_list && node.kind != NodeKind::kNull &&
                        (node.is_scalar() || item.kind == ValueKind::kNeed);
    if (!single) return wrong_type(node, name, "a list");
    if (spec.splits && node.text.find(' ') != std::string_view::npos) {
      out += '[';
      for (std::string_view rest = node.text; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (end > 0) {
          if (out.back() != '[') out += ',';
          append_json_string(out, rest.substr(0, end));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      out += ']';
      return true;
    }
    out += '[';
    if (!read(node, item, name, out)) return false;
    out += ']';
    return true;
  }
  bool good = true;
  std::int64_t count = 0;
  out += '[';
  for (const Node* at = node.first; at != nullptr; at = at->next) {
    if (count++ > 0) out += ',';
    if (!read(*at, item, name, out)) good = false;
  }
  out += ']';
  if (count < spec.least) {
    reporter_.error(node, Code::kBadValue,
                    fmt::format("'{}' has {} item{}; it wants at least {}", name, count,
                                count == 1 ? "" : "s", spec.least));
    return false;
  }
  return good;
}

bool ValueReader::check_map_key(const Node& key, const KeySpec& spec, std::string_view name) {
  if (key.text.empty() || key.text.size() > kMapKeyMax) {
    reporter_.error(key, Code::kBadKey,
                    fmt::format("a name in '{}' has 1 to {} characters", name, kMapKeyMax));
    return false;
  }
  if (!spec.env_names) return true;
  if (!is_env_name(key.text)) {
    reporter_.error(key, Code::kBadEnvName,
                    fmt::format("{} is no name of an environment variable; those are letters, "
                                "digits and '_', and begin with no digit",
                                quoted(key.text)));
    return false;
  }
  if (key.text.starts_with("DYNA_") || std::ranges::count(kReservedEnv, key.text) > 0) {
    reporter_.error(
        key, Code::kBadEnvName,
        fmt::format("{} must not be set; it changes how the task itself is run", quoted(key.text)));
    return false;
  }
  return true;
}

bool ValueReader::read_map(const Node& node, const KeySpec& spec, std::string_view name,
                           std::string& out) {
  if (!is_map(node, name)) return false;
  bool good = true;
  std::int64_t count = 0;
  JsonFields fields;
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    ++count;
    std::string value;
    if (!check_map_key(*key, spec, name)) good = false;
    if (!read(*key->next, *spec.item, key->text, value)) good = false;
    fields.emplace_back(key->text, std::move(value));
  }
  if (count < spec.least) {
    reporter_.error(node, Code::kBadValue,
                    fmt::format("'{}' is empty; it wants at least {} name{}", name, spec.least,
                                spec.least == 1 ? "" : "s"));
    return false;
  }
  append_json_object(out, fields, spec.keeps_order ? KeyOrder::kAsWritten : KeyOrder::kSorted);
  return good;
}

bool ValueReader::read_object(const Node& node, std::span<const KeySpec> fields,
                              std::string_view name, std::string& out) {
  if (!is_map(node, name)) return false;
  bool good = true;
  JsonFields found;
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const KeySpec* field = find_key(fields, key->text);
    if (field == nullptr) {
      unknown_key(*key, fields, {}, {}, fmt::format("in '{}'", name));
      good = false;
      continue;
    }
    std::string value;
    if (!read(*key->next, *field, field->name, value)) good = false;
    found.emplace_back(field->name, std::move(value));
  }
  for (const KeySpec& field : fields) {
    if (node.find(field.name) != nullptr) continue;
    if (!field.preset.empty()) found.emplace_back(field.name, field.preset);
    if (!field.required) continue;
    reporter_.error(node, Code::kMissingKey,
                    fmt::format("'{}' has no '{}'; it is required", name, field.name));
    good = false;
  }
  append_json_object(out, found, KeyOrder::kSorted);
  return good;
}

bool ValueReader::read_short(const Node& node, const KeySpec& spec, std::string_view name,
                             std::string& out) {
  JsonFields fields;
  for (const KeySpec& field : spec.fields) {
    if (field.name == spec.short_field) {
      std::string value;
      if (!read(node, field, name, value)) return false;
      fields.emplace_back(field.name, std::move(value));
    } else if (!field.preset.empty()) {
      fields.emplace_back(field.name, field.preset);
    }
  }
  append_json_object(out, fields, KeyOrder::kSorted);
  return true;
}

bool ValueReader::read_any(const Node& node, std::string& out) {
  note_templates(node);
  append_json(out, node, KeyOrder::kSorted);
  return true;
}

void ValueReader::note_templates(const Node& node) {
  if (node.kind == NodeKind::kString && tmpl::has_template(node.text)) {
    uses_.templates.push_back({&node, ValueKind::kTemplate});
  }
  const bool map = node.kind == NodeKind::kMap;
  for (const Node* at = node.first; at != nullptr; at = map ? at->next->next : at->next) {
    note_templates(map ? *at->next : *at);
  }
}

void ValueReader::unknown_key(const Node& key, std::span<const KeySpec> known,
                              std::span<const KeySpec> more, std::span<const Renamed> renamed,
                              std::string_view where) {
  for (const Renamed& row : renamed) {
    if (row.theirs != key.text) continue;
    reporter_.error(key, Code::kRenamedKey,
                    fmt::format("key {} is written '{}' here", quoted(key.text), row.ours));
    return;
  }
  std::string hint;
  if (reporter_.may_suggest()) {
    std::vector<std::string_view> names = names_of(known);
    const std::vector<std::string_view> others = names_of(more);
    names.insert(names.end(), others.begin(), others.end());
    hint = did_you_mean(key.text, names);
    if (hint.empty() && names.size() <= 8) hint = "; known are " + join_or(names);
  }
  reporter_.error(key, Code::kUnknownKey,
                  fmt::format("unknown key {} {}{}", quoted(key.text), where, hint));
}

}  // namespace cordyna::flow
