#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "template/engine.hpp"
#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

namespace json = boost::json;

/// Where in SQL a character stands.
enum class SqlPlace : std::uint8_t {
  kPlain,
  kString,      ///< '…'
  kIdentifier,  ///< "…"
  kEscaped,     ///< E'…', where a backslash escapes
};

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  out += quote;
  return out;
}

/// The literal of a JSON value. Numbers below zero get parentheses: "x -{{ n }}" must not become
/// "x --3", which is a comment.
Result<std::string> literal(std::string_view text) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  options.max_depth = 160;
  boost::system::error_code error;
  const json::value value = json::parse(text, error, {}, options);
  if (error) return fail(ErrorCode::kInternal, fmt::format("not JSON: {}", error.message()));
  if (value.is_null()) return std::string("NULL");
  if (value.is_bool()) return std::string(value.get_bool() ? "TRUE" : "FALSE");
  if (value.is_number()) {
    return text.starts_with('-') ? fmt::format("({})", text) : std::string(text);
  }
  if (value.is_string()) {
    const json::string& string = value.get_string();
    return quoted({string.data(), string.size()}, '\'');
  }
  return quoted(text, '\'');
}

class SqlBinder {
 public:
  SqlBinder(std::string_view sql, std::string_view context, const Lookup& lookup)
      : sql_(sql), context_(context), lookup_(lookup) {}

  /// Evaluates nothing: what it finds goes to `analysis`.
  SqlBinder(std::string_view sql, const Lookup& none, Analysis& analysis)
      : sql_(sql), lookup_(none), analysis_(&analysis) {}

  Result<std::string> run() {
    while (pos_ < sql_.size()) {
      if (sql_[pos_] == '{') {
        TRY(take_brace());
      } else if (place_ == SqlPlace::kPlain) {
        TRY(step_plain());
      } else {
        step_quoted();
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] char at(std::size_t pos) const { return pos < sql_.size() ? sql_[pos] : '\0'; }

  void copy_to(std::size_t end) {
    end = std::min(end, sql_.size());
    out_ += sql_.substr(pos_, end - pos_);
    pos_ = end;
  }

  [[nodiscard]] std::ptrdiff_t line_of(std::size_t offset) const {
    return 1 + std::ranges::count(sql_.substr(0, offset), '\n');
  }

  [[nodiscard]] std::unexpected<Error> wrong(std::size_t offset, std::string_view message) const {
    if (analysis_ != nullptr) analysis_->problems.push_back({std::string(message), offset});
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("line {} of the SQL: {}", line_of(offset), message));
  }

  Result<> step_plain() {
    const char c = sql_[pos_];
    if (c == '\'') {
      place_ = escape_prefix() ? SqlPlace::kEscaped : SqlPlace::kString;
    } else if (c == '"') {
      place_ = SqlPlace::kIdentifier;
    } else if (c == '-' && at(pos_ + 1) == '-') {
      copy_to(sql_.find('\n', pos_));
      return {};
    } else if (c == '/' && at(pos_ + 1) == '*') {
      copy_to(comment_end());
      return {};
    } else if (c == '$') {
      return take_dollar();
    }
    copy_to(pos_ + 1);
    return {};
  }

  /// Whether a lone E stands before the quote: not that of LIKE'…'.
  [[nodiscard]] bool escape_prefix() const {
    if (pos_ == 0 || (sql_[pos_ - 1] != 'E' && sql_[pos_ - 1] != 'e')) return false;
    return pos_ == 1 || !is_word(sql_[pos_ - 2]);
  }

  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  }

  /// Comments nest in PostgreSQL and DuckDB. What stands in them is left alone.
  [[nodiscard]] std::size_t comment_end() const {
    int depth = 0;
    for (std::size_t i = pos_; i < sql_.size(); ++i) {
      if (sql_[i] == '/' && at(i + 1) == '*') {
        ++depth;
        ++i;
      } else if (sql_[i] == '*' && at(i + 1) == '/') {
        ++i;
        if (--depth == 0) return i + 1;
      }
    }
    return sql_.size();
  }

  /// $tag$ … $tag$: copied; nothing can be quoted in it.
  Result<> take_dollar() {
    std::size_t end = pos_ + 1;
    while (is_word(at(end))) ++end;
    if (at(end) != '$') {
      copy_to(pos_ + 1);
      return {};
    }
    const std::string_view tag = sql_.substr(pos_, end + 1 - pos_);
    const std::size_t close = sql_.find(tag, end + 1);
    if (close == std::string_view::npos) {
      copy_to(end + 1);
      return {};
    }
    if (const auto body = sql_.substr(pos_, close - pos_); has_template(body)) {
      return wrong(pos_, fmt::format("a template cannot stand inside {0} … {0}; use '…'", tag));
    }
    copy_to(close + tag.size());
    return {};
  }

  void step_quoted() {
    const char c = sql_[pos_];
    if (place_ == SqlPlace::kEscaped && c == '\\') return copy_to(pos_ + 2);
    const char quote = place_ == SqlPlace::kIdentifier ? '"' : '\'';
    if (c == quote && at(pos_ + 1) == quote) return copy_to(pos_ + 2);
    if (c == quote) place_ = SqlPlace::kPlain;
    copy_to(pos_ + 1);
  }

  Result<> take_brace() {
    const char next = at(pos_ + 1);
    if (next == '%') {
      return wrong(pos_, "statements ({% … %}) cannot stand in SQL; use CASE, or {{ … | raw }}");
    }
    if (next == '#') {
      const std::size_t end = sql_.find("#}", pos_ + 2);
      if (end == std::string_view::npos) return wrong(pos_, "'{#' has no '#}'");
      pos_ = end + 2;
      return {};
    }
    if (next != '{') {
      copy_to(pos_ + 1);
      return {};
    }
    const auto found = find_expression(sql_.substr(pos_));
    if (!found.has_value()) return wrong(pos_ + found.error().offset, found.error().message);
    const std::string_view text = sql_.substr(pos_, found->size);
    if (analysis_ != nullptr) {
      add(analyze_text(text));
      pos_ += found->size;
      return {};
    }
    auto value = bind(text, found->is_raw);
    if (!value.has_value()) {
      return fail(fmt::format("line {} of the SQL, {}", line_of(pos_), text),
                  std::move(value.error()));
    }
    out_ += *value;
    pos_ += found->size;
    return {};
  }

  void add(Analysis part) {
    for (Reference& reference : part.references) {
      reference.offset += pos_;
      analysis_->references.push_back(std::move(reference));
    }
    for (Problem& problem : part.problems) {
      problem.offset += pos_;
      analysis_->problems.push_back(std::move(problem));
    }
    for (const std::size_t raw : part.raw_uses) analysis_->raw_uses.push_back(raw + pos_);
  }

  Result<std::string> bind(std::string_view text, bool is_raw) {
    if (is_raw) return evaluate(text, context_, lookup_, Mode::kText);
    if (place_ == SqlPlace::kPlain) {
      std::string_view expression = text.substr(2, text.size() - 4);
      if (expression.starts_with('-')) expression.remove_prefix(1);
      if (expression.ends_with('-')) expression.remove_suffix(1);
      TRY_ASSIGN(const std::string value,
                 evaluate(expression, context_, lookup_, Mode::kExpression));
      if (value.find("\\u0000") != std::string::npos) return nul();
      return literal(value);
    }
    TRY_ASSIGN(const std::string value, evaluate(text, context_, lookup_, Mode::kText));
    if (value.find('\0') != std::string::npos) return nul();
    return inside(value);
  }

  static std::unexpected<Error> nul() {
    return fail(ErrorCode::kInvalidArgument, "the value holds a NUL byte, which SQL cannot");
  }

  [[nodiscard]] std::string inside(std::string_view value) const {
    const char quote = place_ == SqlPlace::kIdentifier ? '"' : '\'';
    std::string out;
    for (const char c : value) {
      if (c == quote || (c == '\\' && place_ == SqlPlace::kEscaped)) out += c;
      out += c;
    }
    return out;
  }

  std::string_view sql_;
  std::string_view context_;
  const Lookup& lookup_;
  Analysis* analysis_ = nullptr;
  std::size_t pos_ = 0;
  SqlPlace place_ = SqlPlace::kPlain;
  std::string out_;
};

}  // namespace

Analysis analyze_sql(std::string_view sql) {
  Analysis analysis;
  if (!has_template(sql)) return analysis;
  const Lookup none;
  // Its error stands among the problems already.
  (void)SqlBinder(sql, none, analysis).run();
  return analysis;
}

Result<std::string> bind_sql(std::string_view sql, std::string_view context, const Lookup& lookup) {
  if (!has_template(sql)) return std::string(sql);
  return SqlBinder(sql, context, lookup).run();
}

}  // namespace cordyna::tmpl
