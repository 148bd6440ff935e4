#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.hpp"
#include "cordyna/event.hpp"
#include "http/end_signal.hpp"
#include "input/poll/source.hpp"
#include "input/poll/sql_query.hpp"
#include "pg/connection.hpp"

namespace cordyna::input {
namespace {

using PgFailed = std::unexpected<PollFailure>;

// What one query may bring; more comes with the next.
constexpr std::size_t kTakeBytes = std::size_t{16} << 20;
constexpr std::size_t kRowBytes = kEventBytesMax - (std::size_t{64} << 10);
constexpr std::chrono::minutes kKeptOpen{1};

/// Ends the waits of a connection when a stop is requested.
class PollWake final : public Wake {
 public:
  explicit PollWake(std::stop_token stop)
      : stop_(std::move(stop)), end_(stop_, std::chrono::milliseconds(0)) {}

  [[nodiscard]] bool asked_to_end() const override { return stop_.stop_requested(); }
  [[nodiscard]] int descriptor() const override { return end_.descriptor().value_or(-1); }

 private:
  std::stop_token stop_;
  http::EndSignal end_;
};

/// Rows as items, until they are many bytes.
class ItemTaker final : public PgRowTaker {
 public:
  ItemTaker(const PgPollQuery& poll, std::vector<PollItem>& items) : poll_(poll), items_(items) {}

  PgResult<> columns(const std::vector<PgColumn>& /*columns*/) override { return {}; }
  PgResult<> row(std::span<const std::optional<std::string_view>> values) override {
    PollItem item;
    item.cursor = {poll_.type->is_number, std::string(values[0].value_or(""))};
    item.id = values[1].value_or("");
    if (values[2].has_value()) {
      item.data = *values[2];
      // to_json puts line feeds between columns of some types.
      std::ranges::replace(item.data, '\n', ' ');
    } else {
      item.problem = fmt::format("the row has more than {} bytes as JSON", grouped(kRowBytes));
    }
    item.name = name_of_item(poll_.keys.empty() ? item.data + item.problem : item.id);
    bytes_ += item.data.size();
    items_.push_back(std::move(item));
    if (bytes_ <= kTakeBytes) return {};
    is_cut_ = true;
    return std::unexpected(PgFault{.message = "enough was read"});
  }

  [[nodiscard]] bool is_cut() const { return is_cut_; }

 private:
  const PgPollQuery& poll_;
  std::vector<PollItem>& items_;
  std::size_t bytes_ = 0;
  bool is_cut_ = false;
};

class PostgresSource final : public PollSource {
 public:
  PostgresSource(const SqlPoll& options, std::stop_token stop)
      : options_(options), wake_(std::move(stop)) {
    poll_.query = plain_query(options.query).value_or("");
    poll_.cursor = options.poll.cursor;
    poll_.keys = options.poll.key;
    poll_.row_bytes = kRowBytes;
  }

  [[nodiscard]] std::string location() const override { return database_; }
  [[nodiscard]] const char* member() const override { return "row"; }

  std::expected<PollAnswer, PollFailure> poll(const PollPosition& position, std::size_t known,
                                              bool newest) override {
    auto answer = ask(position, known, newest);
    if (!answer.has_value() || options_.poll.every > kKeptOpen) connection_.reset();
    if (!answer.has_value()) return PgFailed(PollFailure{std::move(answer.error())});
    return *std::move(answer);
  }

 private:
  Result<PollAnswer> ask(const PollPosition& position, std::size_t known, bool newest) {
    if (!connection_.has_value()) TRY(open());
    const bool from = position.cursor.has_value();
    std::vector<PgValue> values;
    if (from) values.push_back({position.cursor->text, poll_.type->oid});
    if (from && position.cursor->is_number != poll_.type->is_number) {
      return fail(
          ErrorCode::kConflict,
          fmt::format("the column '{}' is of type {}, and its cursor was {}", poll_.cursor,
                      poll_.type->name, position.cursor->is_number ? "a number" : "a text"));
    }
    // Those that are known come again, and must leave room for others.
    const std::size_t limit = newest ? kPollBorderMax + 1 : known + options_.rows;
    const SqlWanted wanted = newest ? SqlWanted::kNewest
                             : from ? SqlWanted::kFrom
                                    : SqlWanted::kAll;
    if (newest) values.clear();
    PollAnswer answer{.is_ordered = true};
    ItemTaker taker(poll_, answer.items);
    const auto done = connection_->stream(pg_poll_sql(poll_, wanted, limit), values, taker);
    if (!done.has_value() && !taker.is_cut()) return std::unexpected<Error>(error_of(done.error()));
    if (taker.is_cut()) connection_.reset();  // what else was on its way is not waited for
    answer.more = taker.is_cut() || (!newest && answer.items.size() == limit);
    return answer;
  }

  Result<> open() {
    PgTarget target;
    target.text = options_.postgres;
    auto opened = PgConnection::open(target, wake_);
    if (!opened.has_value()) return std::unexpected<Error>(error_of(opened.error()));
    connection_ = std::move(*opened);
    TRY(
        run(fmt::format("SET standard_conforming_strings = on; SET DateStyle = ISO; "
                        "SET IntervalStyle = postgres; SET extra_float_digits = 1; "
                        "SET default_transaction_read_only = on; SET statement_timeout = {}",
                        options_.poll.timeout.count())));
    TRY_ASSIGN(const PgRows rows, run("SELECT current_database()"));
    if (!rows.rows.empty()) database_ = rows.rows.front().front().value_or("");
    return look_at_columns();
  }

  Result<> look_at_columns() {
    auto described =
        connection_->describe(fmt::format("SELECT * FROM (\n{}\n) AS cordyna_q", poll_.query));
    if (!described.has_value()) return std::unexpected<Error>(error_of(described.error()));
    const std::vector<PgColumn>& columns = *described;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto twin = std::ranges::find(columns, columns[i].name, &PgColumn::name);
      if (twin == columns.begin() + static_cast<std::ptrdiff_t>(i)) continue;
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the query has two columns '{}'; name one of them differently",
                              printable(columns[i].name)));
    }
    TRY_ASSIGN(const PgColumn cursor, column(columns, poll_.cursor));
    for (const std::string& key : poll_.keys) TRY(column(columns, key));
    poll_.type = pg_cursor_type(cursor.type);
    if (poll_.type != nullptr) return {};
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the column '{}' has a type that is no cursor; cast it to one of {}",
                            printable(poll_.cursor), pg_cursor_type_names()));
  }

  static Result<PgColumn> column(const std::vector<PgColumn>& columns, const std::string& name) {
    const auto found = std::ranges::find(columns, name, &PgColumn::name);
    if (found != columns.end()) return *found;
    std::string has;
    for (const PgColumn& one : columns) has += (has.empty() ? "" : ", ") + printable(one.name);
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the query has no column '{}'; it has: {}", printable(name), has));
  }

  Result<PgRows> run(const std::string& sql) {
    auto rows = connection_->run(sql);
    if (!rows.has_value()) return std::unexpected<Error>(error_of(rows.error()));
    return std::move(*rows);
  }

  const SqlPoll& options_;
  PollWake wake_;
  PgPollQuery poll_;
  std::string database_ = "postgres";
  std::optional<PgConnection> connection_;
};

}  // namespace

std::unique_ptr<PollSource> open_postgres_source(const SqlPoll& options, std::stop_token stop) {
  return std::make_unique<PostgresSource>(options, std::move(stop));
}

}  // namespace cordyna::input
