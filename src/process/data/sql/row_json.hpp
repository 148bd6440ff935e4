/// A value of a database, in the text form of PostgreSQL, as JSON: exactly, or not at all.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "process/data/step_result.hpp"

namespace cordyna::sql {

/// OIDs of the types that are more than text here: fixed numbers of PostgreSQL's catalog.
enum PgType : std::uint32_t {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOidType = 26,
  kJson = 114,
  kFloat4 = 700,
  kFloat8 = 701,
  kDate = 1082,
  kTimestamp = 1114,
  kTimestamptz = 1184,
  kNumeric = 1700,
  kJsonb = 3802,
};

/// The type of an array's items; 0: it is no array, or its items are only text here.
[[nodiscard]] std::uint32_t item_type(std::uint32_t array);
[[nodiscard]] bool is_array(std::uint32_t type);

/// Numbers and booleans become such, json and jsonb what they hold, arrays lists, times ISO 8601,
/// anything else text. `rounded` is set where digits behind the decimal point were too many for a
/// number of JSON. Errors: kOutputInvalid, without the column: a number that JSON cannot hold (NaN,
/// infinity, more digits before the point), an array that cannot be read.
[[nodiscard]] data::StepResult<std::string> json_of(std::uint32_t type, std::string_view text,
                                                    bool& rounded);

}  // namespace cordyna::sql
