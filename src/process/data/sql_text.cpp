#include "process/data/sql_text.hpp"

#include <cstddef>
#include <string>

namespace cordyna::data {
namespace {

std::string quote(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    if (c == mark) out += mark;
    out += c;
  }
  out += mark;
  return out;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Walks over one fragment. Each skip_ function returns false where what it skips never ends.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  Result<> scan() {
    while (at_ < sql_.size()) TRY(step());
    if (depth_ > 0) return wrong("a '(' is never closed");
    return {};
  }

 private:
  static std::unexpected<Error> wrong(std::string message) {
    return fail(ErrorCode::kInvalidArgument, std::move(message));
  }

  Result<> step() {
    const char c = sql_[at_];
    const char next = at_ + 1 < sql_.size() ? sql_[at_ + 1] : '\0';
    if (c == '\0') return wrong("it holds a NUL byte");
    if (c == '\'') {
      if (!skip_quoted('\'', is_escape_string())) return wrong("a ' is never closed");
    } else if (c == '"') {
      if (!skip_quoted('"', false)) return wrong("a \" is never closed");
    } else if (c == '-' && next == '-') {
      skip_line();
    } else if (c == '/' && next == '*') {
      if (!skip_comment()) return wrong("a comment /* is never closed");
    } else if (c == '$' && !(at_ > 0 && is_word(sql_[at_ - 1]))) {
      if (!skip_dollar()) return wrong("a dollar-quoted text is never closed");
    } else {
      return plain(c);
    }
    return {};
  }

  Result<> plain(char c) {
    if (c == ';') {
      return wrong("it holds a ';': one expression or one query is wanted, not several statements");
    }
    if (c == '(') ++depth_;
    if (c == ')' && --depth_ < 0) return wrong("a ')' closes what was never opened");
    ++at_;
    return {};
  }

  /// E'…' knows backslashes.
  [[nodiscard]] bool is_escape_string() const {
    if (at_ == 0 || (sql_[at_ - 1] != 'E' && sql_[at_ - 1] != 'e')) return false;
    return at_ == 1 || !is_word(sql_[at_ - 2]);
  }

  bool skip_quoted(char mark, bool backslashes) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == '\0') return false;
      if (backslashes && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == mark) {
        ++at_;
        if (at_ >= sql_.size() || sql_[at_] != mark) return true;
      }
    }
    return false;
  }

  void skip_line() {
    while (at_ < sql_.size() && sql_[at_] != '\n') ++at_;
  }

  bool skip_comment() {
    int depth = 0;
    while (at_ + 1 < sql_.size()) {
      if (sql_[at_] == '/' && sql_[at_ + 1] == '*') {
        ++depth;
        at_ += 2;
      } else if (sql_[at_] == '*' && sql_[at_ + 1] == '/') {
        at_ += 2;
        if (--depth == 0) return true;
      } else {
        ++at_;
      }
    }
    return false;
  }

  /// $$…$$ and $tag$…$tag$; a lone "$1" is no quote.
  bool skip_dollar() {
    std::size_t end = at_ + 1;
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      ++at_;
      return true;
    }
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const std::size_t close = sql_.find(tag, end + 1);
    if (close == std::string_view::npos) return false;
    at_ = close + tag.size();
    return true;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::string quote_text(std::string_view text) {
  return quote(text, '\'');
}

std::string quote_name(std::string_view name) {
  return quote(name, '"');
}

std::string quote_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += quote_name(name);
  }
  return out;
}

std::string text_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    out += quote_text(text);
  }
  return out + "]";
}

std::string_view trim_fragment(std::string_view sql) {
  const std::size_t last = sql.find_last_not_of(" \t\r\n;");
  return last == std::string_view::npos ? std::string_view() : sql.substr(0, last + 1);
}

Result<> check_fragment(std::string_view sql) {
  const std::string_view trimmed = trim_fragment(sql);
  if (trimmed.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "it is empty");
  }
  return Scanner(trimmed).scan();
}

}  // namespace cordyna::data
