#include "service/need_plan.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "base/text.hpp"
#include "service/need_graph.hpp"

namespace cordyna {
namespace {

constexpr std::size_t kUsualBytes = 200;  // of one planned run

}  // namespace

std::string_view to_string(NeedFate fate) {
  static constexpr std::array kNames{std::string_view("runs"), std::string_view("fresh"),
                                     std::string_view("joins"), std::string_view("missing"),
                                     std::string_view("hidden")};
  return kNames[static_cast<std::size_t>(fate)];
}

Result<std::vector<PlannedRun>> plan_run(StoreReader& reader, const FlowOf& find, const Flow& flow,
                                         Millis now) {
  return NeedGraph().plan(reader, find, flow, now);
}

std::string plan_as_json(const std::vector<PlannedRun>& plan) {
  std::string out = "[";
  out.reserve(plan.size() * kUsualBytes);
  for (const PlannedRun& one : plan) {
    const FlowNeeds& flow = *one.of;
    out += out.size() > 1 ? ",\n{\"flow\":" : "{\"flow\":";
    append_json(out, flow.flow);
    fmt::format_to(std::back_inserter(out), R"(,"fate":"{}","owner":)", to_string(one.fate));
    append_json(out, flow.owner);
    if (one.run != 0) fmt::format_to(std::back_inserter(out), R"(,"run":{})", one.run);
    if (one.completed_at != 0) {
      fmt::format_to(std::back_inserter(out), R"(,"completed_at":"{}")",
                     format_timestamp(one.completed_at));
    }
    if (!flow.server.empty()) {
      out += R"(,"server":)";
      append_json(out, flow.server);
    }
    out += R"(,"needs":[)";
    // Of what is not begun, nothing before it is looked at.
    const std::size_t count = one.fate == NeedFate::kRuns ? flow.needs.size() : 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out += ',';
      append_json(out, flow.needs[i]);
    }
    out += "]}";
  }
  return out + "]";
}

}  // namespace cordyna
