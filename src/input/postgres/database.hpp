/// The database of an input: makes there what the input needs, and reads its outbox.
///
/// Errors of all: kUnavailable: no connection, or it broke; kDenied: password, permission, and
/// what else the server would refuse again; kNotFound: no such table; kCancelled: `wake` said so.
/// Threads: one.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cordyna/postgres.hpp"
#include "input/postgres/outbox.hpp"
#include "input/postgres/rows.hpp"
#include "pg/connection.hpp"

namespace cordyna::input {

template <class T>
[[nodiscard]] Result<T> result_of(PgResult<T> result) {
  if (!result.has_value()) return std::unexpected<Error>(error_of(result.error()));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

struct PostgresPlan {
  std::string id;
  std::string connection;
  std::vector<PgTable> tables;  ///< empty: all
  std::vector<Operation> operations;
  bool whole_rows = false;
};

class PgDatabase {
 public:
  /// Borrows both.
  [[nodiscard]] static Result<PgDatabase> open(const PostgresPlan& plan, const Wake& wake);

  /// Outbox, function, triggers; each change in a transaction of its own. Waits for a table that is
  /// locked for some seconds at most.
  [[nodiscard]] Result<> install();
  /// Triggers for tables that have none, and which they shall have; their number. As `install`, for
  /// each table that can be.
  [[nodiscard]] Result<std::size_t> watch_new_tables();
  [[nodiscard]] Result<> remove();

  /// Until the connection ends, nobody else reads this outbox. Errors also: kConflict.
  [[nodiscard]] Result<> take();
  /// Errors also: kNotFound: it was not installed.
  [[nodiscard]] Result<> listen();

  /// They are there, and tables. Errors also: kNotFound.
  [[nodiscard]] Result<> check_tables();

  struct Identity {
    std::string system;
    std::uint64_t next_xid = 0;
  };
  [[nodiscard]] Result<Identity> identity();

  /// Takes away what is up to `read`, and gives what comes then.
  [[nodiscard]] Result<std::vector<OutboxEvent>> read(const OutboxPosition& read,
                                                      std::size_t row_bytes);
  /// Until the database hints that there is something, or for so long. False: there was no hint.
  [[nodiscard]] Result<bool> wait(std::chrono::milliseconds longest);

  /// One statement with values, or any number of them without; the last one's rows.
  [[nodiscard]] Result<PgRows> ask(const std::string& sql,
                                   const std::vector<std::string>& values = {});
  /// Statements in a transaction of their own, while nobody else of ours changes anything there.
  [[nodiscard]] Result<> change(const std::string& sql);

 private:
  PgDatabase(const PostgresPlan& plan, PgConnection connection)
      : plan_(&plan), connection_(std::move(connection)) {}

  const PostgresPlan* plan_;
  PgConnection connection_;
};

}  // namespace cordyna::input
