/// What a source must look like, as plain values.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "process/data/column_type.hpp"

namespace cordyna::data {

/// What to do about a source that is not as its contract says.
enum class Drift : std::uint8_t { kFail, kWarn, kAdd, kIgnore, kQuarantine };

enum class Severity : std::uint8_t { kFail, kWarn, kQuarantine };

/// A condition on a row. `sql` is an expression; NULL counts as true: `required` is its own rule.
struct Rule {
  std::string name;
  std::string sql;
  Severity severity = Severity::kFail;
  std::int64_t bad_max = 0;               ///< rows it may be false for before it counts
  std::optional<double> bad_percent_max;  ///< the same as a share of all rows, 0 to 100
};

/// Rows that a rule may be false for where it says nothing: quarantined ones are set aside, so that
/// any number of them is fine.
[[nodiscard]] constexpr std::int64_t usual_bad_max(Severity severity) {
  return severity == Severity::kQuarantine ? INT64_MAX : 0;
}

struct ColumnSpec {
  std::string name;
  ColumnType type;
  std::string format;                                 ///< strptime's; empty: ISO 8601
  bool pii = false;                                   ///< tells about a person
  std::vector<std::pair<std::string, bool>> to_bool;  ///< texts of the source; type is then bool
};

/// A key that no two rows share. In quarantine go all rows that do: nobody knows the right one.
struct UniqueKey {
  std::vector<std::string> columns;
  Severity severity = Severity::kFail;
};

/// A column whose values another data task has.
struct ColumnRef {
  std::string column;
  std::string target;  ///< "zips.code"
};

struct DriftPolicy {
  Drift added = Drift::kWarn;
  Drift missing = Drift::kFail;
  Drift type = Drift::kFail;  ///< kQuarantine: also rows whose value does not convert
  Drift order = Drift::kIgnore;
  Drift delimiter = Drift::kFail;
  Drift format = Drift::kFail;    ///< also of its compression
  Drift encoding = Drift::kFail;  ///< lines that are not UTF-8 are rejects; else it is read as
                                  ///< UTF-16 or Latin-1, whichever it is
};

struct Contract {
  std::vector<ColumnSpec> columns;
  std::vector<Rule> rules;  ///< from required, match, min, max, in, refs: "price.min"
  DriftPolicy drift;
  std::vector<std::pair<std::string, std::string>> rename;  ///< name in the file → name here
  std::vector<UniqueKey> unique;
  std::vector<ColumnRef> refs;
  std::optional<std::int64_t> rows_min;
  std::optional<std::int64_t> rows_max;
  std::string fresh_column;          ///< empty: any age is fine
  std::int64_t age_max_seconds = 0;  ///< of the latest value of that column
};

}  // namespace cordyna::data
