#include "flow/odcs_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/words.hpp"

namespace cordyna::flow {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Java's, the longer ones first, with strptime's. %m takes one digit or two.
constexpr std::array<Pair, 19> kDateWords{{
    {"yyyy", "%Y"},   {"uuuu", "%Y"}, {"yy", "%y"},  {"MMMM", "%B"}, {"MMM", "%b"},
    {"MM", "%m"},     {"M", "%m"},    {"dd", "%d"},  {"d", "%d"},    {"HH", "%H"},
    {"H", "%H"},      {"hh", "%I"},   {"h", "%I"},   {"mm", "%M"},   {"ss", "%S"},
    {"SSSSSS", "%f"}, {"SSS", "%f"},  {"EEE", "%a"}, {"a", "%p"},
}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct Unit {
  std::string_view word;
  Millis millis;
};
constexpr Millis kSecond = 1000;
constexpr Millis kMinute = 60 * kSecond;
constexpr Millis kHour = 60 * kMinute;
constexpr Millis kDay = 24 * kHour;
constexpr std::array<Unit, 20> kUnits{{
    {"d", kDay},      {"day", kDay},       {"days", kDay},       {"h", kHour},
    {"hr", kHour},    {"hour", kHour},     {"hours", kHour},     {"m", kMinute},
    {"min", kMinute}, {"minute", kMinute}, {"minutes", kMinute}, {"s", kSecond},
    {"sec", kSecond}, {"second", kSecond}, {"seconds", kSecond}, {"ms", 1},
    {"w", 7 * kDay},  {"week", 7 * kDay},  {"weeks", 7 * kDay},  {"y", 365 * kDay},
}};

/// "DECIMAL(4, 2)" → "decimal(4,2)"; empty: no such type.
std::string decimal_of(std::string_view physical) {
  const std::string lower = ascii_lower(physical);
  const std::size_t open = lower.find('(');
  if (open == std::string::npos || !lower.ends_with(')')) return {};
  const std::string name = lower.substr(0, open);
  if (name != "decimal" && name != "numeric" && name != "number") return {};
  std::string inside;
  for (const char c : lower.substr(open)) {
    if (c != ' ') inside += c;
  }
  if (inside.find(',') == std::string::npos) inside.insert(inside.size() - 1, ",0");
  return "decimal" + inside;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

TypeGuess integer_of(std::string_view physical, std::string_view format) {
  if (format == "i32" || format == "i16" || format == "i8") {
    return {"int32", format == "i32" ? "" : fmt::format("{} is read as int32", format)};
  }
  if (format == "i64") return {"int64", ""};
  if (one_of(format, {"u8", "u16"})) return {"int32", fmt::format("{} is read as int32", format)};
  if (format == "u32") return {"int64", "u32 is read as int64"};
  if (format == "u64") return {"decimal(20,0)", "u64 is read as decimal(20,0)"};
  if (one_of(format, {"i128", "u128"})) {
    return {"decimal(38,0)", fmt::format("{} is read as decimal(38,0)", format)};
  }
  if (one_of(ascii_lower(physical), {"int", "int4", "int32", "integer", "smallint", "tinyint"})) {
    return {"int32", ""};
  }
  const std::string decimal = decimal_of(physical);
  return {decimal.empty() ? "int64" : decimal, ""};
}

TypeGuess physical_guess(std::string_view physical) {
  const std::string word = ascii_lower(physical.substr(0, physical.find('(')));
  if (one_of(word, {"bigint", "int8", "int64", "long"})) return {"int64", ""};
  if (one_of(word, {"int", "int4", "int32", "integer", "smallint", "tinyint"})) {
    return {"int32", ""};
  }
  if (one_of(word, {"double", "float", "float8", "real", "float64", "double precision"})) {
    return {"double", ""};
  }
  if (one_of(word, {"bool", "boolean", "bit"})) return {"bool", ""};
  if (word == "date") return {"date", ""};
  if (word.starts_with("timestamp") || word.starts_with("datetime")) return {"timestamp", ""};
  const std::string decimal = decimal_of(physical);
  if (!decimal.empty()) return {decimal, ""};
  if (one_of(word, {"string", "text", "varchar", "char", "character varying", "nvarchar"})) {
    return {"string", ""};
  }
  return {"string", physical.empty() ? "it has no type and is read as string"
                                     : fmt::format("type '{}' is read as string", physical)};
}

}  // namespace

std::optional<std::string> strptime_of(std::string_view java) {
  std::string out;
  for (std::size_t at = 0; at < java.size();) {
    if (java[at] == '\'') {  // a text in quotes; two of them are one, within and without
      if (java.substr(at).starts_with("''")) {
        out += '\'';
        at += 2;
        continue;
      }
      for (++at; at < java.size() && (java[at] != '\'' || java.substr(at).starts_with("''"));
           ++at) {
        if (java[at] == '\'') ++at;
        if (java[at] == '%') out += '%';
        out += java[at];
      }
      if (at == java.size()) return std::nullopt;
      ++at;
      continue;
    }
    if (!is_letter(java[at])) {
      if (java[at] == '%') out += '%';
      out += java[at++];
      continue;
    }
    const std::string_view rest = java.substr(at);
    const auto word = std::ranges::find_if(kDateWords, [rest](const Pair& pair) {
      // As many of the letter as there are: "MMMMM" is another word.
      return rest.starts_with(pair.first) &&
             (rest.size() == pair.first.size() || rest[pair.first.size()] != rest.front());
    });
    if (word == kDateWords.end()) return std::nullopt;
    out += word->second;
    at += word->first.size();
  }
  return out;
}

std::optional<std::string> java_of(std::string_view format) {
  std::string out;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] == '%' && at + 1 < format.size()) {
      const std::string_view word = format.substr(at, 2);
      const auto found = std::ranges::find(kDateWords, word, &Pair::second);
      if (found == kDateWords.end()) return std::nullopt;
      out += found->first;
      ++at;
    } else if (is_letter(format[at])) {
      out += fmt::format("'{}'", format[at]);
    } else if (format[at] == '\'') {
      out += "''";
    } else {
      out += format[at];
    }
  }
  if (strptime_of(out) != std::optional<std::string>(format)) return std::nullopt;
  return out;
}

std::optional<std::string> match_of(std::string_view pattern) {
  for (const std::string_view other : {"(?=", "(?!", "(?<=", "(?<!"}) {
    if (pattern.find(other) != std::string_view::npos) return std::nullopt;
  }
  for (std::size_t at = 0; at + 1 < pattern.size(); ++at) {
    if (pattern[at] != '\\') continue;
    if (pattern[at + 1] >= '1' && pattern[at + 1] <= '9') return std::nullopt;
    ++at;
  }
  constexpr std::string_view kOpen = "^(?:";
  constexpr std::string_view kClose = ")$";
  const auto wrapped = [&] {
    return pattern.size() >= kOpen.size() + kClose.size() && pattern.starts_with(kOpen) &&
           pattern.ends_with(kClose);
  };
  if (wrapped()) {
    // Only where the two parentheses belong together.
    const std::string_view inner =
        pattern.substr(kOpen.size(), pattern.size() - kOpen.size() - kClose.size());
    int depth = 0;
    bool together = true;
    bool in_class = false;
    for (std::size_t at = 0; at < inner.size(); ++at) {
      if (inner[at] == '\\') {
        ++at;
      } else if (in_class) {
        in_class = inner[at] != ']';
      } else if (inner[at] == '[') {
        in_class = true;
      } else if (inner[at] == '(') {
        ++depth;
      } else if (inner[at] == ')' && --depth < 0) {
        together = false;
      }
    }
    if (together && depth == 0) return std::string(inner);
  }
  const bool begins = pattern.starts_with('^');
  const bool ends = pattern.ends_with('$') && !pattern.ends_with("\\$");
  if (begins && ends && pattern.find('|') == std::string_view::npos) {
    return std::string(pattern.substr(1, pattern.size() - 2));
  }
  return fmt::format("(?s:.*)(?:{})(?s:.*)", pattern);
}

std::string pattern_of(std::string_view match) {
  return fmt::format("^(?:{})$", match);
}

std::optional<Millis> age_of(double value, std::string_view unit) {
  const auto found = std::ranges::find(kUnits, ascii_lower(unit), &Unit::word);
  if (found == kUnits.end() || !(value > 0) || value > 1e9) return std::nullopt;
  return static_cast<Millis>(std::llround(value * static_cast<double>(found->millis)));
}

Age age_words(Millis age) {
  for (const Unit& unit : {Unit{"d", kDay}, {"h", kHour}, {"m", kMinute}, {"s", kSecond}}) {
    if (age % unit.millis == 0) return {age / unit.millis, unit.word};
  }
  return {age, "ms"};
}

TypeGuess type_of(std::string_view logical, std::string_view physical, std::string_view format) {
  if (logical == "string") return {"string", ""};
  if (logical == "boolean") return {"bool", ""};
  if (logical == "integer") return integer_of(physical, format);
  if (logical == "number") {
    const std::string decimal = decimal_of(physical);
    return {decimal.empty() ? "double" : decimal, ""};
  }
  if (logical == "timestamp") return {"timestamp", ""};
  if (logical == "date") {
    // Before 3.1 there was no timestamp: the physical type, or the hours of the format, tell.
    const std::string word = ascii_lower(physical);
    const bool time = word.starts_with("timestamp") || word.starts_with("datetime") ||
                      format.find_first_of("Hh") != std::string_view::npos;
    return {time ? "timestamp" : "date", ""};
  }
  if (logical.empty()) return physical_guess(physical);
  return {"string", fmt::format("{} is read as the text of it", logical)};
}

}  // namespace cordyna::flow
