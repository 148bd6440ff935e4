#include "model/log_format.hpp"

#include <charconv>

namespace cordyna {

std::optional<LogRecord> parse_log_record(std::string_view line) {
  if (line.size() < 4 || line[1] != ' ') return std::nullopt;
  LogRecord record;
  switch (line[0]) {
    case 'o':
    case 'e':
    case 's': record.stream = line[0]; break;
    case 'O':
      record.stream = 'o';
      record.continued = true;
      break;
    case 'E':
      record.stream = 'e';
      record.continued = true;
      break;
    default: return std::nullopt;
  }
  const char* const end = line.data() + line.size();
  const auto [rest, error] = std::from_chars(line.data() + 2, end, record.at);
  if (error != std::errc() || rest == end || *rest != ' ') return std::nullopt;
  record.text = std::string_view(rest + 1, static_cast<std::size_t>(end - rest - 1));
  return record;
}

}  // namespace cordyna
