#include "flow/sql_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cordyna::flow {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '$';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::vector<SqlName> scan() {
    while (at_ < sql_.size()) {
      if (skip_quiet()) continue;
      const char c = sql_[at_];
      if (c == '"') {
        quoted_name();
      } else if (is_letter(c)) {
        word();
      } else {
        after_dot_ = c == '.' && last_ != "main";
        after_as_ = false;
        at_ += 1;
        // A number's exponent or suffix is no name.
        if (c >= '0' && c <= '9') {
          while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
        }
      }
    }
    return std::move(names_);
  }

 private:
  [[nodiscard]] bool here(std::string_view text) const {
    return sql_.substr(at_).starts_with(text);
  }

  void skip_past(std::string_view end, std::size_t from) {
    const std::size_t found = sql_.find(end, from);
    at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
  }

  /// Blanks, comments, templates and strings: true, and behind it.
  bool skip_quiet() {
    if (is_blank(sql_[at_])) {
      ++at_;
      return true;
    }
    if (here("--")) {
      skip_past("\n", at_);
      return true;
    }
    if (here("/*")) {
      skip_comment();
      return true;
    }
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTemplates{
        {{"{{", "}}"}, {"{%", "%}"}, {"{#", "#}"}}};
    for (const auto& [begin, end] : kTemplates) {
      if (!here(begin)) continue;
      skip_past(end, at_ + begin.size());
      after_dot_ = after_as_ = false;
      return true;
    }
    if (sql_[at_] == '\'') {
      string();
      return true;
    }
    return sql_[at_] == '$' && dollar_string();
  }

  void skip_comment() {
    at_ += 2;
    for (int depth = 1; depth > 0 && at_ < sql_.size();) {
      if (here("/*")) {
        ++depth;
        at_ += 2;
      } else if (here("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    }
  }

  void string() {
    // In E'…' a backslash takes the next character along.
    const bool escapes = at_ > 0 && (sql_[at_ - 1] == 'E' || sql_[at_ - 1] == 'e') &&
                         (at_ == 1 || !is_word(sql_[at_ - 2]));
    for (++at_; at_ < sql_.size(); ++at_) {
      if (escapes && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == '\'') {
        ++at_;
        break;
      }
    }
    after_dot_ = after_as_ = false;
  }

  /// $$…$$ and $tag$…$tag$.
  bool dollar_string() {
    std::size_t end = at_ + 1;
    while (end < sql_.size() && is_word(sql_[end]) && sql_[end] != '$') ++end;
    if (end >= sql_.size() || sql_[end] != '$') return false;
    skip_past(sql_.substr(at_, end + 1 - at_), end + 1);
    after_dot_ = after_as_ = false;
    return true;
  }

  void quoted_name() {
    const std::size_t begin = at_;
    std::string name;
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] != '"') {
        name += sql_[at_];
      } else if (at_ + 1 < sql_.size() && sql_[at_ + 1] == '"') {
        name += '"';
        ++at_;
      } else {
        ++at_;
        break;
      }
    }
    add(lower(name), begin);
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
    // The prefix of a string: E'…', X'…'.
    if (at_ < sql_.size() && sql_[at_] == '\'' && at_ - begin == 1) return;
    std::string name = lower(sql_.substr(begin, at_ - begin));
    if (name == "as" && !after_dot_) {
      after_as_ = true;
      return;
    }
    add(std::move(name), begin);
  }

  void add(std::string name, std::size_t offset) {
    std::size_t next = at_;
    while (next < sql_.size() && is_blank(sql_[next])) ++next;
    const bool called = next < sql_.size() && sql_[next] == '(';
    // "main" is where tables are anyway: main.sales is sales.
    last_ = name;
    if (!after_dot_ && !after_as_ && !called) names_.push_back({std::move(name), offset});
    after_dot_ = after_as_ = false;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  bool after_dot_ = false;
  bool after_as_ = false;
  std::string last_;  ///< the name before
  std::vector<SqlName> names_;
};

}  // namespace

std::vector<SqlName> sql_names(std::string_view sql) {
  return Scanner(sql).scan();
}

}  // namespace cordyna::flow
