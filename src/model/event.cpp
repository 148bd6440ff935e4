#include "model/event.hpp"

#include <algorithm>
#include <array>

namespace cordyna {
namespace {

using Word = std::string_view;

constexpr std::array kStates{Word("pending"), Word("run"), Word("dead"), Word("dropped")};

}  // namespace

std::string_view to_string(EventState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<EventState> parse_event_state(std::string_view text) {
  const auto found = std::ranges::find(kStates, text);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<EventState>(found - kStates.begin());
}

}  // namespace cordyna
