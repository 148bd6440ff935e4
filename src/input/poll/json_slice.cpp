#include "input/poll/json_slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/text.hpp"

namespace cordyna::input {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// One value after the other of a text that is JSON for sure.
class JsonScan {
 public:
  explicit JsonScan(std::string_view text) : text_(text) { skip_blanks(); }

  [[nodiscard]] char now() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void step() {
    ++at_;
    skip_blanks();
  }
  /// The value here; goes behind it.
  std::string_view value() {
    const std::size_t begin = at_;
    if (now() == '"') {
      pass_string();
    } else if (now() == '{' || now() == '[') {
      pass_nested();
    } else {
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    }
    const std::string_view found = text_.substr(begin, at_ - begin);
    skip_blanks();
    return found;
  }

 private:
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }
  void pass_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }
  void pass_nested() {
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        pass_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
      if (depth == 0) return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string string_of(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos) {
    return std::string(quoted.substr(1, quoted.size() - 2));
  }
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse({quoted.data(), quoted.size()}, error);
  return error || !parsed.is_string() ? std::string(quoted) : std::string(parsed.get_string());
}

/// `each(name, value)` of an object.
template <class Each>
void for_members(std::string_view object, const Each& each) {
  JsonScan scan(object);
  if (scan.now() != '{') return;
  scan.step();
  while (scan.now() == '"') {
    const std::string_view name = scan.value();
    scan.step();  // the colon
    each(name, scan.value());
    if (scan.now() != ',') return;
    scan.step();
  }
}

std::optional<std::string_view> member(std::string_view json, const std::string& name) {
  std::optional<std::string_view> found;
  for_members(json, [&](std::string_view key, std::string_view value) {
    if (string_of(key) == name) found = value;
  });
  return found;
}

std::optional<std::string_view> step_into(std::string_view json, const std::string& name) {
  if (!json.starts_with('[')) return member(json, name);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  const std::vector<std::string_view> items = json_items(json);
  return number < items.size() ? std::optional(items[number]) : std::nullopt;
}

/// RFC 6901: ~1 is a slash, ~0 a tilde.
std::string pointer_part(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool escape = part[i] == '~' && i + 1 < part.size();
    if (escape) ++i;
    out += escape ? (part[i] == '1' ? '/' : '~') : part[i];
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> parse_json_path(std::string_view text) {
  std::vector<std::string> path;
  if (text.empty()) return path;
  const bool pointer = text.front() == '/';
  const char between = pointer ? '/' : '.';
  std::string_view rest = pointer ? text.substr(1) : text;
  while (true) {
    const std::size_t end = rest.find(between);
    const std::string_view part = rest.substr(0, end);
    if (part.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' is no path: it has an empty name; write data.orders, or, for "
                              "names with points, /data/a.b",
                              fit(printable(text), 80)));
    }
    path.push_back(pointer ? pointer_part(part) : std::string(part));
    if (end == std::string_view::npos) return path;
    rest.remove_prefix(end + 1);
  }
}

std::optional<std::string_view> json_at(std::string_view json,
                                        const std::vector<std::string>& path) {
  std::optional<std::string_view> at = JsonScan(json).value();
  for (const std::string& name : path) {
    at = step_into(*at, name);
    if (!at.has_value()) return std::nullopt;
  }
  return at;
}

std::vector<std::string_view> json_items(std::string_view list) {
  std::vector<std::string_view> items;
  JsonScan scan(list);
  if (scan.now() != '[') return items;
  scan.step();
  while (scan.now() != ']' && scan.now() != '\0') {
    items.push_back(scan.value());
    if (scan.now() == ',') scan.step();
  }
  return items;
}

std::string json_names(std::string_view object) {
  constexpr std::size_t kShown = 8;
  std::string out;
  std::size_t count = 0;
  for_members(object, [&](std::string_view key, std::string_view /*value*/) {
    if (++count <= kShown) {
      out += fmt::format("{}{}", out.empty() ? "" : ", ", fit(printable(string_of(key)), 40));
    }
  });
  if (count > kShown) out += fmt::format(" and {} more", count - kShown);
  return out;
}

std::string json_plain(std::string_view value) {
  return value.starts_with('"') ? string_of(value) : std::string(value);
}

std::string_view json_kind(std::string_view value) {
  switch (value.empty() ? '\0' : value.front()) {
    case '{': return "an object";
    case '[': return "a list";
    case '"': return "a text";
    case 't':
    case 'f': return "true or false";
    case 'n': return "null";
    default: return "a number";
  }
}

}  // namespace cordyna::input
