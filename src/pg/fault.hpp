/// What went wrong with a PostgreSQL server, by kind: what is tried again, and what is not.
///
/// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/task_error.hpp"

namespace cordyna {

struct PgFault {
  std::string state{};     ///< SQLSTATE: "40001"; empty: libpq or the network, not the server
  std::string message{};   ///< one line, without values of a password
  bool lost = false;       ///< there is no connection, or none any more
  bool cancelled = false;  ///< we were asked to end
  bool missing = false;    ///< libpq itself is not installed
  bool refused = false;    ///< no server said so, but a second try would not change it
  std::optional<TaskErrorCode> code{};  ///< what it is, where we found it out ourselves
  std::size_t position = 0;  ///< the character of the statement that is wrong, from 1; 0: none
};

template <class T = void>
using PgResult = std::expected<T, PgFault>;

enum class PgKind : std::uint8_t {
  kTransient,  ///< the same again may well work
  kDenied,     ///< password, role, database, permission
  kMisfit,     ///< a table, column, type, key or value does not fit
  kFull,       ///< the server's disk
  kOther,
};

[[nodiscard]] PgKind kind_of(const PgFault& fault);

/// For whoever has no codes of tasks: kUnavailable, kDenied, kCancelled; kNotFound: libpq.
[[nodiscard]] Error error_of(const PgFault& fault);

/// "FATAL:  28P01: password …\nLOCATION: …", as libpq has it for a connection that failed or broke,
/// in its parts.
[[nodiscard]] PgFault lost_fault(std::string_view text);
/// The same for one that was never made: some failures there are for good.
[[nodiscard]] PgFault connect_fault(std::string_view text);

/// How long to wait before try `number` (from 1); negative: enough tried.
[[nodiscard]] std::int64_t pg_delay_ms(int number);

}  // namespace cordyna

/// As TRY and TRY_ASSIGN, for PgResult.
#define PG_TRY(expression)                                                         \
  do {                                                                             \
    auto&& cordyna_try_ = (expression);                                            \
    if (!cordyna_try_.has_value()) {                                               \
      return std::unexpected<::cordyna::PgFault>(std::move(cordyna_try_.error())); \
    }                                                                              \
  } while (false)

#define PG_TRY_ASSIGN(declaration, expression) \
  PG_TRY_ASSIGN_(CORDYNA_JOIN(pg_result_, __LINE__), declaration, expression)
#define PG_TRY_ASSIGN_(result, declaration, expression)                    \
  auto result = (expression);                                              \
  if (!result.has_value()) {                                               \
    return std::unexpected<::cordyna::PgFault>(std::move(result.error())); \
  }                                                                        \
  declaration = std::move(*result)
