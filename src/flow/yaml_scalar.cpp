#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "flow/yaml_tree.hpp"

// YAML 1.2's core schema (chapter 10.3.2 of the specification), without regular expressions.
namespace cordyna::flow {
namespace {

constexpr std::array kNulls{std::string_view(""), std::string_view("~"), std::string_view("null"),
                            std::string_view("Null"), std::string_view("NULL")};
constexpr std::array kBools{std::string_view("true"),  std::string_view("True"),
                            std::string_view("TRUE"),  std::string_view("false"),
                            std::string_view("False"), std::string_view("FALSE")};
constexpr std::array kSpecials{std::string_view(".inf"), std::string_view(".Inf"),
                               std::string_view(".INF")};
constexpr std::array kNans{std::string_view(".nan"), std::string_view(".NaN"),
                           std::string_view(".NAN")};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const std::string_view word : words) {
    if (word == text) return true;
  }
  return false;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view kHex = "0123456789abcdefABCDEF";

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text;
}

bool is_int(std::string_view text) {
  if (text.starts_with("0o")) return all_of(text.substr(2), "01234567");
  if (text.starts_with("0x")) return all_of(text.substr(2), kHex);
  return all_of(without_sign(text), "0123456789");
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  const std::string_view body = without_sign(text);
  if (is_one_of(body, kSpecials)) return true;
  std::size_t at = skip_digits(body, 0);
  const std::size_t whole = at;
  std::size_t decimals = 0;
  if (at < body.size() && body[at] == '.') {
    const std::size_t begin = at + 1;
    at = skip_digits(body, begin);
    decimals = at - begin;
  }
  if (whole == 0 && decimals == 0) return false;
  if (at < body.size() && (body[at] == 'e' || body[at] == 'E')) {
    ++at;
    if (at < body.size() && (body[at] == '-' || body[at] == '+')) ++at;
    const std::size_t begin = at;
    at = skip_digits(body, begin);
    if (at == begin) return false;
  }
  return at == body.size();
}

std::string int_as_json(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = without_sign(text);
  int base = 10;
  if (text.starts_with("0o")) base = 8;
  if (text.starts_with("0x")) base = 16;
  if (base != 10) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const std::uint64_t most = static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1U : 0U);
  if (error != std::errc{} || value > most) return {};
  return fmt::format("{}{}", negative && value != 0 ? "-" : "", value);
}

std::string float_as_json(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

}  // namespace

NodeKind resolve_plain(std::string_view text) {
  if (is_one_of(text, kNulls)) return NodeKind::kNull;
  if (is_one_of(text, kBools)) return NodeKind::kBool;
  const char front = text.front();
  if (!is_digit(front) && front != '-' && front != '+' && front != '.') return NodeKind::kString;
  if (is_int(text)) return NodeKind::kInt;
  if (is_float(text) || is_one_of(text, kNans)) return NodeKind::kFloat;
  return NodeKind::kString;
}

std::string scalar_as_json(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull: return "null";
    case NodeKind::kBool:
      return node.text.front() == 't' || node.text.front() == 'T' ? "true" : "false";
    case NodeKind::kInt: return int_as_json(node.text);
    case NodeKind::kFloat: return float_as_json(node.text);
    case NodeKind::kString:
    case NodeKind::kList:
    case NodeKind::kMap: return {};
  }
  return {};
}

std::string_view describe(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull: return "nothing";
    case NodeKind::kBool: return "true or false";
    case NodeKind::kInt: return "a whole number";
    case NodeKind::kFloat: return "a number";
    case NodeKind::kString: return "a string";
    case NodeKind::kList: return "a list";
    case NodeKind::kMap: return "a map";
  }
  return "nothing";
}

const Node* Node::find(std::string_view key) const {
  if (kind != NodeKind::kMap) return nullptr;
  for (const Node* at = first; at != nullptr; at = at->next->next) {
    if (at->text == key) return at->next;
  }
  return nullptr;
}

}  // namespace cordyna::flow
