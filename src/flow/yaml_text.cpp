#include "flow/yaml_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "base/words.hpp"
#include "flow/json_text.hpp"

namespace cordyna::flow {
namespace {

namespace json = boost::json;

constexpr std::size_t kLineMax = 90;

/// Whether the text, without quotes, is a string to every reader: YAML 1.1 has more words.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"true", "false", "null", "yes", "no",
                                                   "on",   "off",   "y",    "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || text.size() > kLineMax || !(letter(text.front()) || text.front() == '_')) {
    return false;
  }
  if (text.back() == ' ') return false;
  const bool safe = std::ranges::all_of(text, [&letter](char c) {
    return letter(c) || (c >= '0' && c <= '9') || std::string_view("_-./() ").contains(c);
  });
  return safe && std::ranges::find(kWords, ascii_lower(text)) == kWords.end();
}

std::string string_of(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number_of(double value) {
  std::string text = fmt::format("{}", value);
  // YAML 1.1 takes a number for a fraction only if it has a point.
  if (text.find('.') == std::string::npos) {
    const std::size_t exponent = text.find('e');
    text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
  }
  return text;
}

std::string scalar_of(const json::value& value) {
  if (const json::string* text = value.if_string()) return string_of({text->data(), text->size()});
  if (value.is_double()) return number_of(value.get_double());
  return json::serialize(value);
}

bool is_block(const json::value& value) {
  const json::object* object = value.if_object();
  const json::array* list = value.if_array();
  return (object != nullptr && !object->empty()) || (list != nullptr && !list->empty());
}

/// "{a: 1, b: [2, 3]}"
std::string one_line(const json::value& value) {
  std::string out;
  if (const json::object* object = value.if_object()) {
    for (const auto& item : *object) {
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ",
                         string_of({item.key().data(), item.key().size()}), one_line(item.value()));
    }
    return "{" + out + "}";
  }
  if (const json::array* list = value.if_array()) {
    for (const json::value& item : *list) out += (out.empty() ? "" : ", ") + one_line(item);
    return "[" + out + "]";
  }
  return scalar_of(value);
}

/// Whether nothing in it holds more than scalars, and it fits.
bool fits_line(const json::value& value, std::size_t indent) {
  const auto flat = [](const json::value& item) { return !is_block(item); };
  bool few = true;
  if (const json::object* object = value.if_object()) {
    few = std::ranges::all_of(*object, [&](const auto& item) {
      const json::array* list = item.value().if_array();
      return flat(item.value()) || (list != nullptr && std::ranges::all_of(*list, flat));
    });
  }
  if (const json::array* list = value.if_array()) few = std::ranges::all_of(*list, flat);
  return few && indent + one_line(value).size() <= kLineMax;
}

void append(std::string& out, const json::value& value, std::size_t indent);

void append_item(std::string& out, const json::value& value, std::size_t indent) {
  if (!is_block(value) || fits_line(value, indent + 4)) {
    out += one_line(value) + "\n";
    return;
  }
  std::string inner;
  append(inner, value, indent + 2);
  out += inner.substr(indent + 2);  // the first line goes on behind the dash
}

void append(std::string& out, const json::value& value, std::size_t indent) {
  const std::string blanks(indent, ' ');
  if (const json::object* object = value.if_object()) {
    for (const auto& item : *object) {
      out += blanks + string_of({item.key().data(), item.key().size()}) + ":";
      if (!is_block(item.value()) || fits_line(item.value(), indent + item.key().size() + 2)) {
        out += " " + one_line(item.value()) + "\n";
        continue;
      }
      out += '\n';
      append(out, item.value(), indent + 2);
    }
    return;
  }
  for (const json::value& item : value.get_array()) {
    out += blanks + "- ";
    append_item(out, item, indent);
  }
}

}  // namespace

std::string yaml_of(const json::value& value) {
  std::string out;
  append(out, value, 0);
  return out;
}

}  // namespace cordyna::flow
