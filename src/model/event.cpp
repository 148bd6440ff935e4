#include "model/event.hpp"

#include <array>

#include "model/value_names.hpp"

namespace cordyna {
namespace {

using Word = std::string_view;

constexpr std::array kEventStates{Word("pending"), Word("run"), Word("dead"), Word("dropped")};

}  // namespace

std::string_view to_string(EventState state) {
  return kEventStates[static_cast<std::size_t>(state)];
}

std::optional<EventState> parse_event_state(std::string_view text) {
  return value_named<EventState>(kEventStates, text);
}

}  // namespace cordyna
