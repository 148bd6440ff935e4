/// Values of a query of BigQuery: parameters, never text. Its own words quote otherwise than
/// PostgreSQL's: a backslash takes a quote's meaning away, so literals would not be safe.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "process/data/bigquery.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

class QueryBinder {
 public:
  QueryBinder(std::string_view sql, const Evaluate& evaluate) : sql_(sql), evaluate_(evaluate) {}

  Result<BoundQuery> bind() {
    while (at_ < sql_.size()) TRY(step());
    return BoundQuery{std::move(out_), json::serialize(values_)};
  }

 private:
  [[nodiscard]] bool is_at(std::string_view text) const {
    return sql_.substr(at_).starts_with(text);
  }
  void keep(std::size_t bytes) {
    bytes = std::min(bytes, sql_.size() - at_);
    out_ += sql_.substr(at_, bytes);
    at_ += bytes;
  }
  [[nodiscard]] std::size_t line() const {
    return 1 + static_cast<std::size_t>(std::ranges::count(sql_.substr(0, at_), '\n'));
  }
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorCode::kInvalidArgument, fmt::format("line {}: {}", line(), what));
  }

  Result<> step() {
    if (is_at("{{")) return take_value();
    if (is_at("{%") || is_at("{#")) {
      return wrong("of templates, {{ … }} alone stands in a query for BigQuery");
    }
    if (is_at("--") || is_at("#")) return skip(std::string_view("\n"), false);
    if (is_at("/*")) return skip("*/", false);
    for (const std::string_view quote : {"'''", "\"\"\"", "'", "\"", "`"}) {
      if (is_at(quote)) return skip(quote, true);
    }
    keep(1);
    return {};
  }

  /// Through a text, a name or a comment, to its end.
  Result<> skip(std::string_view end, bool quoted) {
    keep(quoted ? end.size() : 1);
    while (at_ < sql_.size() && !is_at(end)) {
      if (is_at("{{") || is_at("{%")) {
        return wrong(quoted ? "a template within quotes cannot be bound: leave the quotes out, and "
                              "join texts by ||"
                            : "a template within a comment is not evaluated: take it out");
      }
      // In texts with r in front, too, a quote behind a backslash is no end.
      keep(quoted && is_at("\\") ? 2 : 1);
    }
    if (at_ == sql_.size() && quoted) return wrong(fmt::format("a {} is never closed", end));
    keep(end.size());
    return {};
  }

  Result<> take_value() {
    const std::size_t from = at_ + 2;
    std::size_t end = from;
    char quote = '\0';
    for (; end < sql_.size(); ++end) {
      const char c = sql_[end];
      if (quote != '\0') {
        if (c == '\\') ++end;
        if (c == quote) quote = '\0';
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (sql_.substr(end).starts_with("}}")) {
        break;
      }
    }
    if (end >= sql_.size()) return wrong("a {{ is never closed");
    std::string_view expression = sql_.substr(from, end - from);
    if (expression.starts_with('-')) expression.remove_prefix(1);
    if (expression.ends_with('-')) expression.remove_suffix(1);
    Result<std::string> value = evaluate_(expression);
    if (!value.has_value()) {
      return fail(value.error().code, fmt::format("line {}: {}", line(), value.error().message));
    }
    boost::system::error_code failed;
    json::value parsed = json::parse(*value, failed);
    if (failed.failed()) return wrong("a template gave no value");
    // Lists and objects are their JSON, as a text: JSON_VALUE and the like take them apart.
    if (parsed.is_array() || parsed.is_object()) parsed = json::value(json::serialize(parsed));
    values_.push_back(std::move(parsed));
    out_ += fmt::format("@dyna_{}", values_.size());
    at_ = end + 2;
    return {};
  }

  std::string_view sql_;
  const Evaluate& evaluate_;
  std::size_t at_ = 0;
  std::string out_;
  json::array values_;
};

}  // namespace

Result<BoundQuery> bind_bigquery(std::string_view sql, const Evaluate& evaluate) {
  return QueryBinder(sql, evaluate).bind();
}

}  // namespace cordyna::data
