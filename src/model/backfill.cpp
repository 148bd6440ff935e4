#include "model/backfill.hpp"

#include <algorithm>
#include <array>

namespace cordyna {
namespace {

using Word = std::string_view;

constexpr std::array kStates{Word("running"), Word("paused"), Word("completed"), Word("error"),
                             Word("cancelled")};

}  // namespace

std::string_view to_string(BackfillState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<BackfillState> parse_backfill_state(std::string_view text) {
  const auto found = std::ranges::find(kStates, text);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<BackfillState>(found - kStates.begin());
}

}  // namespace cordyna
