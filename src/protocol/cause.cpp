#include "protocol/cause.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.hpp"
#include "base/time.hpp"

namespace cordyna::protocol {

std::string trigger_json(const StartAttempt& command) {
  const std::string& id = command.scheduled.trigger;
  std::string_view kind = command.by_task ? "upstream" : "manual";
  if (!id.empty()) {
    const auto found = std::ranges::find(command.flow->triggers, id, &TriggerSpec::id);
    const bool known = found != command.flow->triggers.end();
    kind = known && found->type == TriggerType::kSchedule  ? "cron"
           : known && found->type == TriggerType::kWebhook ? "webhook"
                                                           : "event";
  }
  std::string out = fmt::format(R"({{"kind":"{}")", kind);
  if (!id.empty()) out += R"(,"id":)" + json_string(id);
  return out + fmt::format(R"(,"scheduled_for":"{}"}})", format_timestamp(command.run_at));
}

}  // namespace cordyna::protocol
