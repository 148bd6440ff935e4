#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cordyna/event.hpp"
#include "input/poll/source.hpp"
#include "input/poll/sql_query.hpp"

namespace cordyna::input {
namespace {

using PollClock = std::chrono::steady_clock;

constexpr std::size_t kSqliteTakeBytes = std::size_t{16} << 20;
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: to here a double is a whole number

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

std::string_view text_at(sqlite3_stmt* row, int column) {
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text == nullptr
             ? std::string_view()
             : std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
}

std::unexpected<Error> bad_column(sqlite3_stmt* row, int column, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("the column '{}' {}", printable(sqlite3_column_name(row, column)), what));
}

/// Of a database file that is only read, while one query runs.
class Reading {
 public:
  Reading(const SqlPoll& options, std::stop_token stop)
      : options_(options),
        stop_(std::move(stop)),
        until_(PollClock::now() + options.poll.timeout) {}

  Result<> open() {
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(options_.sqlite.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) return wrong(code);
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_handler(opened, on_busy, this);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    constexpr int kStepsBetween = 10'000;  // a millisecond or so
    sqlite3_progress_handler(opened, kStepsBetween, on_progress, this);
    return {};
  }

  Result<Statement> prepare(const std::string& sql) {
    sqlite3_stmt* made = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                        &made, &tail);
    Statement statement(made);
    if (code != SQLITE_OK) return wrong(code);
    if (made == nullptr || *tail != '\0' || sqlite3_stmt_readonly(made) == 0) {
      return fail(ErrorCode::kInvalidArgument, "query: one SELECT is wanted");
    }
    return statement;
  }

  std::unexpected<Error> wrong(int code) const {
    if (stop_.stop_requested()) return fail(ErrorCode::kCancelled, "the input is to end");
    constexpr int kPrimary = 0xff;
    ErrorCode kind = ErrorCode::kInvalidArgument;
    switch (code & kPrimary) {
      case SQLITE_CANTOPEN: kind = ErrorCode::kNotFound; break;
      case SQLITE_PERM:
      case SQLITE_AUTH: kind = ErrorCode::kDenied; break;
      case SQLITE_ERROR: break;
      default: kind = ErrorCode::kUnavailable; break;
    }
    const bool late = PollClock::now() >= until_;
    return fail(kind, fmt::format("{}: {}", options_.sqlite,
                                  late && (code & kPrimary) == SQLITE_INTERRUPT
                                      ? "the query took longer than its timeout"
                                  : database_ == nullptr ? "no memory"
                                                         : sqlite3_errmsg(database_.get())));
  }

 private:
  static int on_progress(void* context) {
    const auto& self = *static_cast<Reading*>(context);
    return self.stop_.stop_requested() || PollClock::now() >= self.until_ ? 1 : 0;
  }
  /// Another program writes: it is waited for.
  static int on_busy(void* context, int tries) {
    constexpr int kPauseMs = 20;
    const auto& self = *static_cast<Reading*>(context);
    if (tries * kPauseMs >= self.options_.lock_timeout.count()) return 0;
    sqlite3_sleep(kPauseMs);
    return self.stop_.stop_requested() ? 0 : 1;
  }

  const SqlPoll& options_;
  std::stop_token stop_;
  PollClock::time_point until_;
  Database database_;
};

class SqliteSource final : public PollSource {
 public:
  SqliteSource(const SqlPoll& options, std::stop_token stop)
      : options_(options),
        stop_(std::move(stop)),
        query_(plain_query(options.query).value_or("")) {}

  [[nodiscard]] std::string location() const override { return options_.sqlite; }
  [[nodiscard]] const char* member() const override { return "row"; }

  std::expected<PollAnswer, PollFailure> poll(const PollPosition& position, std::size_t known,
                                              bool newest) override {
    auto answer = ask(position, known, newest);
    if (!answer.has_value()) return std::unexpected(PollFailure{std::move(answer.error())});
    return *std::move(answer);
  }

 private:
  Result<PollAnswer> ask(const PollPosition& position, std::size_t known, bool newest) {
    Reading reading(options_, stop_);
    TRY(reading.open());
    {
      // A name in quotes that is no column would be a text.
      TRY_ASSIGN(const Statement shape,
                 reading.prepare(fmt::format("SELECT * FROM (\n{}\n) AS cordyna_q", query_)));
      TRY(look_at_columns(shape.get()));
    }
    const bool from = !newest && position.cursor.has_value();
    // Those that are known come again, and must leave room for others.
    const std::size_t limit = newest ? kPollBorderMax + 1 : known + options_.rows;
    const SqlWanted wanted = newest ? SqlWanted::kNewest
                             : from ? SqlWanted::kFrom
                                    : SqlWanted::kAll;
    TRY_ASSIGN(const Statement statement,
               reading.prepare(sqlite_poll_sql(query_, options_.poll.cursor, wanted, limit)));
    if (from) bind(statement.get(), *position.cursor);
    PollAnswer answer{.is_ordered = true};
    std::size_t bytes = 0;
    while (true) {
      const int code = sqlite3_step(statement.get());
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return reading.wrong(code);
      TRY_ASSIGN(PollItem item, item_of(statement.get()));
      bytes += item.data.size();
      answer.items.push_back(std::move(item));
      if (!newest && bytes > kSqliteTakeBytes) {
        answer.more = true;
        break;
      }
    }
    answer.more = answer.more || (!newest && answer.items.size() == limit);
    return answer;
  }

  Result<> look_at_columns(sqlite3_stmt* shape) {
    std::vector<std::string> names;
    const int count = sqlite3_column_count(shape);
    names.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) names.emplace_back(sqlite3_column_name(shape, i));
    columns_.clear();
    columns_.reserve(names.size());
    // Twins have got other names by now: "id", "id:1".
    for (const std::string& name : names) columns_.push_back(json_string(name) + ":");
    TRY_ASSIGN(cursor_, place_of(names, options_.poll.cursor));
    keys_.clear();
    keys_.reserve(options_.poll.key.size());
    for (const std::string& key : options_.poll.key) {
      TRY_ASSIGN(const int place, place_of(names, key));
      keys_.push_back(place);
    }
    return {};
  }

  static Result<int> place_of(const std::vector<std::string>& names, const std::string& name) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<int>(found - names.begin());
    std::string has;
    for (const std::string& one : names) has += (has.empty() ? "" : ", ") + printable(one);
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the query has no column '{}'; it has: {}", printable(name), has));
  }

  static void bind(sqlite3_stmt* statement, const PollCursor& cursor) {
    if (!cursor.is_number) {
      sqlite3_bind_text64(statement, 1, cursor.text.data(), cursor.text.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8);
    } else if (cursor.text.find_first_not_of("-0123456789") == std::string::npos) {
      sqlite3_bind_int64(statement, 1, std::strtoll(cursor.text.c_str(), nullptr, 10));
    } else {
      sqlite3_bind_double(statement, 1, std::strtod(cursor.text.c_str(), nullptr));
    }
  }

  Result<PollItem> item_of(sqlite3_stmt* row) const {
    PollItem item;
    TRY_ASSIGN(item.cursor, cursor_of(row));
    std::string ids;
    for (const int key : keys_) {
      TRY_ASSIGN(const std::string value, value_of(row, key));
      ids += fmt::format("{}{}", ids.empty() ? "" : ",", value);
      if (keys_.size() == 1) {
        item.id =
            sqlite3_column_type(row, key) == SQLITE_TEXT ? std::string(text_at(row, key)) : value;
      }
    }
    if (keys_.size() > 1) item.id = "[" + ids + "]";
    std::size_t bytes = 0;
    for (int i = 0; i < static_cast<int>(columns_.size()); ++i) {
      const auto value = value_of(row, i);
      if (!value.has_value()) item.problem = value.error().message;
      bytes += value.has_value() ? value->size() : 0;
      if (bytes > kEventBytesMax) item.problem = "the row is too large for an event";
      if (!item.problem.empty()) break;
      item.data +=
          fmt::format("{}{}{}", i == 0 ? "{" : ",", columns_[static_cast<std::size_t>(i)], *value);
    }
    item.data = item.problem.empty() ? item.data + "}" : "";
    item.name = name_of_item(keys_.empty() ? item.data + item.problem : ids);
    return item;
  }

  Result<PollCursor> cursor_of(sqlite3_stmt* row) const {
    switch (sqlite3_column_type(row, cursor_)) {
      case SQLITE_INTEGER: return PollCursor{true, std::string(text_at(row, cursor_))};
      case SQLITE_TEXT: {
        const std::string_view text = text_at(row, cursor_);
        constexpr std::size_t kCursorMax = 4'096;
        if (text.size() <= kCursorMax && is_utf8(text)) return PollCursor{false, std::string(text)};
        return bad_column(row, cursor_, "has a text that is too long for a cursor, or not UTF-8");
      }
      case SQLITE_FLOAT: {
        const double value = sqlite3_column_double(row, cursor_);
        if (!std::isfinite(value))
          return bad_column(row, cursor_, "is infinite: nothing is higher");
        // As the whole number that it equals.
        if (value == std::floor(value) && std::abs(value) < kWholeMax) {
          return PollCursor{true, fmt::format("{}", static_cast<std::int64_t>(value))};
        }
        return PollCursor{true, fmt::format("{}", value)};
      }
      default: return bad_column(row, cursor_, "holds bytes (BLOB), which are no cursor");
    }
  }

  static Result<std::string> value_of(sqlite3_stmt* row, int column) {
    switch (sqlite3_column_type(row, column)) {
      case SQLITE_NULL: return "null";
      case SQLITE_INTEGER: return std::string(text_at(row, column));
      case SQLITE_FLOAT: {
        const double value = sqlite3_column_double(row, column);
        if (std::isfinite(value)) return fmt::format("{}", value);
        return bad_column(row, column, "holds a number that JSON cannot: cast it to text");
      }
      case SQLITE_TEXT: {
        const std::string_view text = text_at(row, column);
        if (is_utf8(text)) return json_string(text);
        return bad_column(row, column, "holds bytes that are no text (UTF-8): select its hex()");
      }
      default: {
        std::string out = R"("\\x)";
        const void* const blob = sqlite3_column_blob(row, column);
        const auto* const bytes = static_cast<const unsigned char*>(blob);
        const int count = sqlite3_column_bytes(row, column);
        for (int i = 0; i < count; ++i) out += fmt::format("{:02x}", bytes[i]);
        return out + '"';
      }
    }
  }

  const SqlPoll& options_;
  std::stop_token stop_;
  std::string query_;
  std::vector<std::string> columns_;  // names as JSON, with the colon
  std::vector<int> keys_;
  int cursor_ = 0;
};

}  // namespace

std::unique_ptr<PollSource> open_sqlite_source(const SqlPoll& options, std::stop_token stop) {
  return std::make_unique<SqliteSource>(options, std::move(stop));
}

}  // namespace cordyna::input
