#include "service/input_list.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/json_text.hpp"
#include "base/time.hpp"

namespace cordyna {

ListedInput input_of(InputStatus status, const std::vector<OpenEvents>& open) {
  ListedInput listed{std::move(status)};
  for (const OpenEvents& one : open) {
    if (one.ns != listed.status.ns || one.flow_id != listed.status.flow_id ||
        one.trigger != listed.status.trigger) {
      continue;
    }
    listed.pending = one.pending;
    listed.dead = one.dead;
  }
  return listed;
}

void append_input(std::string& out, const ListedInput& input) {
  const InputStatus& status = input.status;
  const auto put = std::back_inserter(out);
  fmt::format_to(put,
                 R"({{"flow":{},"trigger":{},"type":{},"state":"{}","since":"{}","events":{},)"
                 R"("last_minute":{},"pending":{},"dead":{})",
                 json_string(flow_name(status.ns, status.flow_id)), json_string(status.trigger),
                 json_string(status.type), to_string(status.state), format_timestamp(status.since),
                 status.events, status.last_minute, input.pending, input.dead);
  if (!status.problem.empty()) {
    fmt::format_to(put, ",\"problem\":{}", json_string(status.problem));
  }
  if (status.last_at > 0) {
    fmt::format_to(put, R"(,"last_at":"{}","lag_ms":{})", format_timestamp(status.last_at),
                   status.lag);
  }
  out += '}';
}

std::string inputs_as_json(const std::vector<ListedInput>& inputs) {
  std::string out = "{\"inputs\":[";
  for (const ListedInput& input : inputs) {
    if (&input != inputs.data()) out += ",\n";
    append_input(out, input);
  }
  return out + "]}";
}

}  // namespace cordyna
