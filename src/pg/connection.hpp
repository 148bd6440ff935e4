/// One connection to a PostgreSQL server, through libpq.
///
/// libpq is loaded when the first connection is opened, not with the program: it brings two dozen
/// libraries along, which everything else would wait for. Each call blocks until it is done, and
/// ends early, with the statement cancelled at the server, when we are asked to end.
/// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pg/fault.hpp"
#include "pg/wake.hpp"

namespace cordyna {

using PgRow = std::vector<std::optional<std::string>>;

struct PgRows {
  std::vector<PgRow> rows;
  std::int64_t affected = 0;
};

struct PgColumn {
  std::string name;
  std::uint32_t type = 0;  ///< its OID
  std::int32_t modifier = -1;
};

/// A value for $1 and up, as text. Its type's OID; 0: the server finds it out, as of a quoted
/// literal.
struct PgValue {
  std::optional<std::string> text{};
  std::uint32_t type = 0;
};

/// Takes a statement's rows as they come. What it returns as an error ends the statement.
class PgRowTaker {
 public:
  virtual ~PgRowTaker() = default;
  /// Before the first row, also where there is none; never, where the statement gives no rows.
  virtual PgResult<> columns(const std::vector<PgColumn>& columns) = 0;
  /// The texts live as long as the call.
  virtual PgResult<> row(std::span<const std::optional<std::string_view>> values) = 0;
};

struct PgDone {
  std::string tag;            ///< "INSERT 0 5", "CREATE TABLE"
  std::int64_t affected = 0;  ///< rows changed, or selected
};

struct PgCopied {
  std::int64_t rows = 0;
  std::size_t row_bytes_max = 0;  ///< the longest
};

/// Where to, in the words of libpq. A word without a value is what libpq takes without it.
struct PgTarget {
  std::string text{};  ///< "postgres://user@host/database" or "host=… user=…"; may be empty
  std::vector<std::pair<std::string, std::string>> words{};  ///< "host", "port", "dbname" …
  std::int64_t connect_timeout_ms = 10'000;
};

struct PgNotice {
  std::string channel;
  std::string payload;
};

class PgConnection {
 public:
  /// One try. Borrows `wake`, by which every wait of the connection ends.
  [[nodiscard]] static PgResult<PgConnection> open(const PgTarget& target, const Wake& wake);
  PgConnection(PgConnection&&) noexcept;
  PgConnection& operator=(PgConnection&&) noexcept;
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;
  ~PgConnection();

  /// One statement with values for $1 and up, or, without values, any number of statements, whose
  /// last one's rows it gives.
  [[nodiscard]] PgResult<PgRows> run(const std::string& sql,
                                     const std::vector<std::string>& values = {});
  /// One statement. Its rows are held one at a time.
  [[nodiscard]] PgResult<PgDone> stream(const std::string& sql, const std::vector<PgValue>& values,
                                        PgRowTaker& taker);
  /// The types that a statement's $1 and up have, where `types` (0: not known) leaves them open.
  [[nodiscard]] PgResult<std::vector<std::uint32_t>> parameter_types(
      const std::string& sql, const std::vector<std::uint32_t>& types);
  /// Gets what the server says beside results, from then on: "NOTICE:  …", without the end of line.
  void hear_notices(std::function<void(std::string_view)> say);
  /// The columns that a query would give.
  [[nodiscard]] PgResult<std::vector<PgColumn>> describe(const std::string& sql);
  /// What came on the channels that are listened to; waits until there is something, or for so
  /// long. Empty: nothing came.
  [[nodiscard]] PgResult<std::vector<PgNotice>> notices(std::chrono::milliseconds longest);
  /// START_REPLICATION: from then on the connection has messages, and takes no other statement.
  [[nodiscard]] PgResult<> begin_stream(const std::string& sql);
  /// The next message; nullopt: none came for so long.
  [[nodiscard]] PgResult<std::optional<std::string>> next_message(
      std::chrono::milliseconds longest);
  [[nodiscard]] PgResult<> send_message(const std::string& bytes);
  /// COPY … FROM STDIN out of a file; how many rows it took.
  [[nodiscard]] PgResult<std::int64_t> copy_in(const std::string& sql, const std::string& path);
  /// COPY … TO STDOUT into a new file.
  [[nodiscard]] PgResult<PgCopied> copy_out(const std::string& sql, const std::string& path);

 private:
  struct State;
  explicit PgConnection(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// Waits, unless we are asked to end. False: we are.
[[nodiscard]] bool wait_ms(std::int64_t ms, const Wake& wake);

}  // namespace cordyna
