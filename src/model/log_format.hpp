/// The log of an attempt: one line of text a record, so that task output can never forge a record.
///
///     <stream> <milliseconds since 1970> <text>\n
///
/// stream: 'o' standard output, 'e' standard error, 's' the system (a cap that was reached). A line
/// of output longer than `kLogTextMax` goes on in further records whose stream letter is upper
/// case. Secrets are masked before anything is cut. Bytes that are not UTF-8 stay as they are; who
/// shows them escapes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace cordyna {

inline constexpr std::size_t kLogTextMax = 16384;  ///< bytes of text in one record
/// Of one attempt, with what each record begins with: a million short lines. Then comes one 's'
/// record, and the rest is dropped.
inline constexpr std::size_t kLogBytesMax = std::size_t{32} << 20;

struct LogRecord {
  char stream = 'o';       ///< lower case
  bool continued = false;  ///< goes on from the record before, without a line break
  Millis at = 0;
  std::string_view text;  ///< into the parsed line
};

/// `line` without its "\n". Nullopt: not a record (a file cut short by a crash).
[[nodiscard]] std::optional<LogRecord> parse_log_record(std::string_view line);

}  // namespace cordyna
