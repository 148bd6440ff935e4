#include "model/trigger.hpp"

#include <algorithm>
#include <array>

namespace cordyna {
namespace {

using Word = std::string_view;

constexpr std::array kTypes{Word("schedule"), Word("webhook"), Word("postgres"), Word("kafka"),
                            Word("flow"),     Word("file"),    Word("poll"),     Word("redis")};
constexpr std::array kCatchUps{Word("all"), Word("latest"), Word("none")};
constexpr std::array kTickStates{Word("begun"), Word("run"), Word("skipped"), Word("error")};

}  // namespace

std::string_view to_string(TriggerType type) {
  return kTypes[static_cast<std::size_t>(type)];
}
std::string_view to_string(CatchUp policy) {
  return kCatchUps[static_cast<std::size_t>(policy)];
}
std::string_view to_string(OnGap policy) {
  return policy == OnGap::kSkip ? "skip" : "shift";
}
std::string_view to_string(OnOverlap policy) {
  return policy == OnOverlap::kBoth ? "both" : "once";
}
std::string_view to_string(TickState state) {
  return kTickStates[static_cast<std::size_t>(state)];
}

std::optional<TickState> parse_tick_state(std::string_view text) {
  const auto found = std::ranges::find(kTickStates, text);
  if (found == kTickStates.end()) return std::nullopt;
  return static_cast<TickState>(found - kTickStates.begin());
}

}  // namespace cordyna
