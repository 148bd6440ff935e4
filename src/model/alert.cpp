#include "model/alert.hpp"

#include <algorithm>
#include <array>

#include "model/value_names.hpp"

namespace cordyna {
namespace {

constexpr std::array<std::string_view, 4> kChannelTypes{"slack", "webhook", "pagerduty", "email"};

template <class Spec>
const Spec* find_by_name(const std::vector<Spec>& all, std::string_view name) {
  const auto found = std::ranges::lower_bound(all, name, {}, &Spec::name);
  return found == all.end() || found->name != name ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(ChannelType type) {
  return kChannelTypes[static_cast<std::size_t>(type)];
}

std::optional<ChannelType> parse_channel_type(std::string_view text) {
  return value_named<ChannelType>(kChannelTypes, text);
}

const TeamSpec* AlertPlan::team(std::string_view name) const {
  return find_by_name(teams, name);
}

const ChannelSpec* AlertPlan::channel(std::string_view name) const {
  return find_by_name(channels, name);
}

}  // namespace cordyna
