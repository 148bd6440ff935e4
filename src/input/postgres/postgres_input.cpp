#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "cordyna/postgres.hpp"
#include "input/postgres/database.hpp"
#include "input/postgres/replication.hpp"
#include "input/postgres/row_delivery.hpp"
#include "input/postgres/slot_reader.hpp"
#include "input/postgres/stop_wake.hpp"

namespace cordyna {
namespace input {
namespace {

using Ms = std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

/// After a hint without rows, the transaction that they are of, or an older one, has not ended yet.
constexpr Ms kFirstLook{2};

Result<PostgresPlan> plan_of(std::string_view id, const PostgresOptions& options) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (id.empty() || id.size() > kPostgresIdMax || !std::ranges::all_of(id, is_plain)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the id of a PostgreSQL input has 1 to {} letters, digits, '_', '-', "
                            "'.': names in the database are made of it; not '{}'",
                            kPostgresIdMax, fit(printable(id), 60)));
  }
  PostgresPlan plan;
  plan.id = id;
  plan.connection = options.connection;
  plan.whole_rows = options.whole_rows;
  for (const std::string& table : options.tables) {
    TRY_ASSIGN(PgTable parsed, parse_table(table));
    plan.tables.push_back(std::move(parsed));
  }
  for (const Operation one : options.operations) {
    if (one == Operation::kCreate || one == Operation::kUpdate || one == Operation::kDelete) {
      plan.operations.push_back(one);
      continue;
    }
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': the operations of rows are create, update, delete; not {}",
                            id, to_string(one)));
  }
  const bool create_alone =
      plan.operations.size() == 1 && plan.operations.front() == Operation::kCreate;
  if (options.mode == PostgresMode::kReplication && plan.tables.empty() && !create_alone) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("input '{}': replication wants its tables named: of all tables, also "
                    "those that are made later, the ones without a primary key could not be "
                    "updated any more",
                    id));
  }
  return plan;
}

class PostgresInput final : public Input {
 public:
  PostgresInput(PostgresPlan plan, PostgresOptions options)
      : Input(plan.id, plan.operations), plan_(std::move(plan)), options_(std::move(options)) {}

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    const StopWake wake(stop);
    const auto ended = options_.mode == PostgresMode::kReplication
                           ? read_slot(plan_, options_, wake, sink)
                           : read_outbox(wake, sink);
    if (!ended.has_value() && ended.error().code == ErrorCode::kCancelled) return {};
    return ended;
  }

 private:
  Result<> read_outbox(const Wake& wake, EventSink& sink) {
    TRY_ASSIGN(PgDatabase database, PgDatabase::open(plan_, wake));
    if (options_.install) TRY(database.install());
    TRY(database.take());
    TRY(database.listen());
    TRY_ASSIGN(OutboxPosition position, begin(database, sink));
    TRY(sink.send({}, to_text(position)));  // which also says that it listens
    auto new_tables = Steady::now() + options_.new_tables;
    Ms look = kFirstLook;
    while (true) {
      TRY_ASSIGN(const std::vector<OutboxEvent> events, database.read(position, kRowBytes));
      if (!events.empty()) {
        position = events.back().position;
        TRY(deliver_rows(sink, events));
        look = kFirstLook;
        continue;
      }
      TRY_ASSIGN(const bool hinted, database.wait(std::min(look, options_.poll)));
      look = hinted ? kFirstLook : std::min(look * 2, options_.poll);
      if (options_.install && plan_.tables.empty() && Steady::now() >= new_tables) {
        TRY(database.watch_new_tables());
        new_tables = Steady::now() + options_.new_tables;
      }
    }
  }

  /// Where to go on; what changed meanwhile in a database that was set back cannot be known.
  Result<OutboxPosition> begin(PgDatabase& database, const EventSink& sink) {
    TRY_ASSIGN(OutboxPosition position, parse_position(sink.position()));
    TRY_ASSIGN(const PgDatabase::Identity identity, database.identity());
    std::string gap;
    if (!position.system.empty() && position.system != identity.system) {
      gap = fmt::format("it is another database cluster ({}, not {})", identity.system,
                        position.system);
    } else if (position.xid >= identity.next_xid && position.xid > 0) {
      gap = fmt::format(
          "it was set back to an earlier time: transaction {} was read, and the next "
          "one is {}",
          position.xid, identity.next_xid);
    }
    if (!gap.empty() && !options_.over_gaps) {
      return fail(
          ErrorCode::kConflict,
          fmt::format("the database is not as it was read last: {}; changes may be missing, "
                      "or come twice. `over_gaps` goes on with what there is",
                      gap));
    }
    if (!gap.empty()) position = {};
    position.system = identity.system;
    return position;
  }

  PostgresPlan plan_;
  PostgresOptions options_;
};

}  // namespace
}  // namespace input

Result<std::unique_ptr<Input>> postgres_input(std::string id, PostgresOptions options) {
  TRY_ASSIGN(input::PostgresPlan plan, input::plan_of(id, options));
  return std::make_unique<input::PostgresInput>(std::move(plan), std::move(options));
}

Result<std::unique_ptr<Input>> make_postgres_input(const InputConfig& config) {
  PostgresOptions options;
  options.connection = config.connection_string;
  options.operations = config.operations;
  return postgres_input(config.name, std::move(options));
}

Result<> install_postgres_input(std::string_view id, const PostgresOptions& options) {
  TRY_ASSIGN(const input::PostgresPlan plan, input::plan_of(id, options));
  const input::StopWake never({});
  if (options.mode == PostgresMode::kReplication) return input::install_slot(plan, never);
  TRY_ASSIGN(input::PgDatabase database, input::PgDatabase::open(plan, never));
  return database.install();
}

Result<> remove_postgres_input(std::string_view id, const std::string& connection) {
  PostgresOptions options;
  options.connection = connection;
  TRY_ASSIGN(const input::PostgresPlan plan, input::plan_of(id, options));
  const input::StopWake never({});
  TRY_ASSIGN(input::PgReplication replication, input::PgReplication::open(plan, never));
  TRY(replication.remove());
  TRY_ASSIGN(input::PgDatabase database, input::PgDatabase::open(plan, never));
  return database.remove();
}

}  // namespace cordyna
