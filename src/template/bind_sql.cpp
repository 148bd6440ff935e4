#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>

#include "base/words.hpp"
#include "template/engine.hpp"
#include "template/sql_body.hpp"
#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

namespace json = boost::json;

/// Where in SQL a character stands.
enum class SqlPlace : std::uint8_t {
  kPlain,
  kString,      ///< '…'
  kIdentifier,  ///< "…"; in SQLite also `…`
  kBracket,     ///< […] in SQLite
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

/// A text's literal. DuckDB's program drops a carriage return before the end of a line, also of one
/// within a text: so it is written as an escape.
std::string text_literal(std::string_view text) {
  if (text.find('\r') == std::string_view::npos) return quoted(text, '\'');
  std::string out = "E'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') out += c;
    if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out + "'";
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
    return text_literal({string.data(), string.size()});
  }
  return quoted(text, '\'');
}

class SqlBinder {
 public:
  SqlBinder(std::string_view sql, std::string_view context, const Lookup& lookup)
      : sql_(sql), context_(context), lookup_(lookup) {}

  /// Parts statements, and takes values out of them; DuckDB's stay as literals.
  SqlBinder(std::string_view sql, SqlDialect dialect, std::string_view context,
            const Lookup& lookup, std::vector<SqlStatement>& statements)
      : sql_(sql),
        context_(context),
        lookup_(lookup),
        dialect_(dialect),
        statements_(&statements) {}

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
    if (statements_ != nullptr) end_statement();
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
      begin_string();
    } else if (c == '"' || (c == '`' && dialect_ == SqlDialect::kSqlite)) {
      place_ = SqlPlace::kIdentifier;
      quote_ = c;
    } else if (c == '[' && dialect_ == SqlDialect::kSqlite) {
      place_ = SqlPlace::kBracket;
    } else if (c == '-' && at(pos_ + 1) == '-') {
      copy_to(sql_.find('\n', pos_));
      return {};
    } else if (c == '/' && at(pos_ + 1) == '*') {
      copy_to(comment_end());
      return {};
    } else if (c == '$' && dialect_ != SqlDialect::kSqlite) {
      return take_dollar();
    } else if (statements_ != nullptr) {
      return step_statement();
    }
    copy_to(pos_ + 1);
    return {};
  }

  /// What matters only where statements are parted.
  Result<> step_statement() {
    const char c = sql_[pos_];
    if (c == ';' && !body_.inside()) {
      end_statement();
      ++pos_;
      return {};
    }
    if (c == '?' && dialect_ == SqlDialect::kSqlite) {
      return wrong(pos_, "'?' asks for a value that nobody gives; write {{ … }}");
    }
    std::size_t end = pos_ + 1;
    if (is_word(c)) {
      while (is_word(at(end))) ++end;
      if (!body_.has_words()) first_ = pos_;
      body_.take_word(ascii_lower(sql_.substr(pos_, end - pos_)));
    } else {
      body_.take_sign(c);
    }
    copy_to(end);
    return {};
  }

  void end_statement() {
    const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    const auto begin = std::ranges::find_if_not(out_, is_blank);
    if (body_.has_words()) {
      SqlStatement& made = statements_->emplace_back();
      made.text.assign(begin, out_.end());
      while (is_blank(made.text.back())) made.text.pop_back();
      made.line = static_cast<std::size_t>(line_of(first_));
      made.values = std::move(values_);
    }
    out_.clear();
    values_.clear();
    body_ = SqlBody();
  }

  void begin_string() {
    string_begin_ = out_.size();
    string_.clear();
    string_bound_ = false;
  }

  /// Whether values stand apart from the text.
  [[nodiscard]] bool asks() const {
    return statements_ != nullptr && dialect_ != SqlDialect::kDuckdb;
  }

  /// Asks for one value, so that it stays apart from what is around it. `end`: of what it stands
  /// for.
  void ask(std::string value, std::size_t end) {
    values_.push_back(std::move(value));
    const char sign = dialect_ == SqlDialect::kSqlite ? '?' : '$';
    if (!out_.empty() && (is_word(out_.back()) || out_.back() == sign)) out_ += ' ';
    const std::string placeholder = fmt::format("{}{}", sign, values_.size());
    // Of a parameter there PostgreSQL cannot find out the type.
    const bool open = dialect_ == SqlDialect::kPostgres && is_null_test(end);
    out_ += open ? fmt::format("CAST({} AS text)", placeholder) : placeholder;
    if (is_word(at(end)) || at(end) == '{') out_ += ' ';
  }

  /// Whether IS NULL, or IS NOT NULL, follows.
  [[nodiscard]] bool is_null_test(std::size_t from) const {
    const auto word = [&] {
      while (std::isspace(static_cast<unsigned char>(at(from))) != 0) ++from;
      const std::size_t begin = from;
      while (is_word(at(from))) ++from;
      return ascii_lower(sql_.substr(begin, from - begin));
    };
    if (from >= sql_.size() || word() != "is") return false;
    const std::string second = word();
    return second == "null" || (second == "not" && word() == "null");
  }

  /// '…{{ … }}…' as a whole is one value.
  void end_string() {
    if (!asks()) {
      if (string_.find('\r') == std::string::npos) return;
      out_.resize(string_begin_);
      out_ += text_literal(string_);
      return;
    }
    out_.resize(string_begin_);
    const std::string type = take_type();
    if (!type.empty()) out_ += "CAST(";
    ask(json::serialize(json::value(string_)), type.empty() ? pos_ : sql_.size());
    if (!type.empty()) out_ += fmt::format(" AS {})", type);
  }

  /// The type of DATE '…', which stands before literals alone: taken off the text.
  std::string take_type() {
    constexpr std::array<std::string_view, 8> kTypes = {
        "date", "time", "timestamp", "json", "timestamptz", "uuid", "interval", "jsonb"};
    std::size_t end = out_.size();
    while (end > 0 && std::isspace(static_cast<unsigned char>(out_[end - 1])) != 0) --end;
    std::size_t begin = end;
    while (begin > 0 && is_word(out_[begin - 1])) --begin;
    std::string word = out_.substr(begin, end - begin);
    if (dialect_ != SqlDialect::kPostgres ||
        std::ranges::find(kTypes, ascii_lower(word)) == kTypes.end()) {
      return {};
    }
    out_.resize(begin);
    return word;
  }

  /// Whether a lone E stands before the quote: not that of LIKE'…'.
  [[nodiscard]] bool escape_prefix() const {
    if (dialect_ == SqlDialect::kSqlite) return false;
    if (pos_ == 0 || (sql_[pos_ - 1] != 'E' && sql_[pos_ - 1] != 'e')) return false;
    return pos_ == 1 || !is_word(sql_[pos_ - 2]);
  }

  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  }

  /// Comments nest in PostgreSQL and DuckDB. What stands in them is left alone.
  [[nodiscard]] std::size_t comment_end() const {
    const bool nests = dialect_ != SqlDialect::kSqlite;
    int depth = 0;
    for (std::size_t i = pos_; i < sql_.size(); ++i) {
      if (sql_[i] == '/' && at(i + 1) == '*' && (nests || depth == 0)) {
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
    const bool in_word = pos_ > 0 && is_word(sql_[pos_ - 1]);
    if (asks() && !in_word && std::isdigit(static_cast<unsigned char>(at(pos_ + 1))) != 0) {
      return wrong(pos_, "'$1' asks for a value that nobody gives; write {{ … }}");
    }
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
    const char quote = closing_quote();
    const bool ends = c == quote;
    const bool doubled = ends && place_ != SqlPlace::kBracket && at(pos_ + 1) == quote;
    if (!ends || doubled) string_ += c;
    if (doubled) return copy_to(pos_ + 2);
    copy_to(pos_ + 1);
    if (!ends) return;
    if (place_ == SqlPlace::kString && string_bound_) end_string();
    place_ = SqlPlace::kPlain;
  }

  [[nodiscard]] char closing_quote() const {
    if (place_ == SqlPlace::kBracket) return ']';
    return place_ == SqlPlace::kIdentifier ? quote_ : '\'';
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

  /// What stands in the text for it.
  Result<std::string> bind(std::string_view text, bool is_raw) {
    if (!body_.has_words()) first_ = pos_;
    body_.take_word("value");
    if (is_raw) return evaluate(text, context_, lookup_, Mode::kText);
    if (place_ == SqlPlace::kPlain) {
      std::string_view expression = text.substr(2, text.size() - 4);
      if (expression.starts_with('-')) expression.remove_prefix(1);
      if (expression.ends_with('-')) expression.remove_suffix(1);
      TRY_ASSIGN(const std::string value,
                 evaluate(expression, context_, lookup_, Mode::kExpression));
      if (value.find("\\u0000") != std::string::npos) return nul();
      if (!asks() || value == "null") return literal(value);
      ask(value, pos_ + text.size());
      return std::string();
    }
    TRY_ASSIGN(const std::string value, evaluate(text, context_, lookup_, Mode::kText));
    if (value.find('\0') != std::string::npos) return nul();
    if (place_ == SqlPlace::kBracket && value.find(']') != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, "the value holds a ']', which ends the name");
    }
    if (place_ == SqlPlace::kString) {
      string_ += value;
      string_bound_ = true;
      if (asks()) return std::string();
    }
    return inside(value);
  }

  static std::unexpected<Error> nul() {
    return fail(ErrorCode::kInvalidArgument, "the value holds a NUL byte, which SQL cannot");
  }

  [[nodiscard]] std::string inside(std::string_view value) const {
    const char quote = closing_quote();
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
  SqlDialect dialect_ = SqlDialect::kDuckdb;
  char quote_ = '"';  ///< of an identifier

  // Of the statement at hand.
  std::vector<SqlStatement>* statements_ = nullptr;
  std::vector<std::string> values_;
  SqlBody body_;
  std::size_t first_ = 0;  ///< where its first word stands

  // Of the string at hand.
  std::size_t string_begin_ = 0;
  std::string string_;  ///< its text, with values
  bool string_bound_ = false;
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

Result<std::vector<SqlStatement>> bind_sql_values(std::string_view sql, SqlDialect dialect,
                                                  std::string_view context, const Lookup& lookup) {
  std::vector<SqlStatement> statements;
  TRY(SqlBinder(sql, dialect, context, lookup, statements).run());
  return statements;
}

}  // namespace cordyna::tmpl
