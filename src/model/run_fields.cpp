#include "model/run_fields.hpp"

#include <fmt/format.h>

#include "base/json_text.hpp"

namespace cordyna {

std::string run_fields(const RunId& id, Millis created_at, const Scheduled& scheduled) {
  const Millis at = stands_for(created_at, scheduled);
  const Millis from = scheduled.at != 0 ? scheduled.interval_from : at;
  const std::string end = format_timestamp(at);
  return fmt::format(
      R"("id":{},"date":"{}","started_at":"{}","scheduled_for":"{}","interval":{{"start":"{}","end":"{}"}})",
      json_string(id.value), std::string_view(end).substr(0, 10),
      created_at == at ? end : format_timestamp(created_at), end,
      from == at ? end : format_timestamp(from), end);
}

}  // namespace cordyna
