#include "client/json_slice.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <limits>

namespace cordyna::client {
namespace {

namespace json = boost::json;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Goes through text that is known to be JSON.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  /// Passes over the next sign that is no space, if it is this one.
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// The value that begins here.
  std::string_view value() {
    skip_space();
    const std::size_t begin = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) break;  // of what the value stands in
        --depth;
        ++at_;
      } else if (depth == 0 && (c == ',' || c == ':' || is_space(c))) {
        break;
      } else {
        ++at_;
        continue;
      }
      if (depth == 0) break;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  void skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string decoded(std::string_view raw) {
  if (!raw.starts_with('"')) return {};
  if (raw.find('\\') == std::string_view::npos) return std::string(raw.substr(1, raw.size() - 2));
  json::error_code error;
  const json::value value = json::parse(json::string_view(raw.data(), raw.size()), error);
  if (error || !value.is_string()) return {};
  const json::string& text = value.get_string();
  return {text.data(), text.size()};
}

}  // namespace

Result<JsonSlice> JsonSlice::parse(std::string_view text) {
  json::error_code error;
  static_cast<void>(json::parse(json::string_view(text.data(), text.size()), error));
  if (error) return fail(ErrorCode::kCorrupt, "it is not JSON: " + error.message());
  return JsonSlice(Scanner(text).value());
}

std::vector<std::pair<std::string, JsonSlice>> JsonSlice::members() const {
  std::vector<std::pair<std::string, JsonSlice>> found;
  if (!is_object()) return found;
  Scanner scanner(raw_.substr(1));
  while (!scanner.take('}')) {
    if (!found.empty()) scanner.take(',');
    std::string name = decoded(scanner.value());
    if (!scanner.take(':')) break;
    found.emplace_back(std::move(name), JsonSlice(scanner.value()));
  }
  return found;
}

JsonSlice JsonSlice::member(std::string_view name) const {
  if (!is_object()) return {};
  Scanner scanner(raw_.substr(1));
  for (bool first = true; !scanner.take('}'); first = false) {
    if (!first) scanner.take(',');
    const std::string key = decoded(scanner.value());
    if (!scanner.take(':')) break;
    const std::string_view value = scanner.value();
    if (key == name) return JsonSlice(value);
  }
  return {};
}

std::vector<JsonSlice> JsonSlice::items() const {
  std::vector<JsonSlice> found;
  if (!is_array()) return found;
  Scanner scanner(raw_.substr(1));
  while (!scanner.take(']')) {
    if (!found.empty() && !scanner.take(',')) break;
    found.emplace_back(JsonSlice(scanner.value()));
  }
  return found;
}

std::string JsonSlice::text() const {
  return decoded(raw_);
}

std::int64_t JsonSlice::number(std::int64_t otherwise) const {
  std::int64_t number = 0;
  const char* const end = raw_.data() + raw_.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): its end is given, too
  const auto [stop, error] = std::from_chars(raw_.data(), end, number);
  return error == std::errc() && stop == end ? number : otherwise;
}

std::uint32_t JsonSlice::count(std::string_view name) const {
  const std::int64_t count = number(name);
  const bool fits = count >= 0 && count <= std::numeric_limits<std::uint32_t>::max();
  return fits ? static_cast<std::uint32_t>(count) : 0;
}

Millis JsonSlice::time() const {
  return parse_timestamp(text()).value_or(0);
}

}  // namespace cordyna::client
