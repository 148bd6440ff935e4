#include "engine/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cordyna::engine {
namespace {

constexpr std::size_t kPlacesNamed = 5;
constexpr std::size_t kNamedOfAPlace = 3;

std::string fullness(const PlaceState& place, std::string_view what) {
  const PlaceSpec& spec = place.spec;
  if (what == "slots") return fmt::format("{} of {} slots", place.holders.size(), spec.slots);
  if (what == "cores") {
    return fmt::format("{} of {}", static_cast<double>(place.cpu_millis) / 1000,
                       cores_text(spec.cpu_millis));
  }
  return fmt::format("{} of {}", memory_text(place.memory_bytes), memory_text(spec.memory_bytes));
}

}  // namespace

std::string_view PlaceState::lacks(const PlaceNeed& need) const {
  if (spec.slots > 0 && holders.size() >= spec.slots) return "slots";
  if (spec.cpu_millis > 0 && cpu_millis + need.cpu_millis > spec.cpu_millis) return "cores";
  if (spec.memory_bytes > 0 && memory_bytes + need.memory_bytes > spec.memory_bytes) {
    return "memory";
  }
  return {};
}

Places::Places(std::vector<PlaceSpec> specs, bool counts) : counts_(counts) {
  std::ranges::sort(specs, {}, &PlaceSpec::name);
  places_.reserve(specs.size());
  for (PlaceSpec& spec : specs) places_.push_back({std::move(spec)});
}

PlaceState* Places::find(std::string_view name) {
  const auto found = std::ranges::find(
      places_, name, [](const PlaceState& place) { return std::string_view(place.spec.name); });
  return found == places_.end() ? nullptr : &*found;
}

bool Places::counts(const PlaceNeed& need) const {
  if (!counts_ || need.types == 0) return false;
  return need.is_given() || std::ranges::any_of(places_, [&](const PlaceState& place) {
           return need.takes(place.spec.type);
         });
}

std::vector<std::uint32_t> Places::fitting(const PlaceNeed& need) const {
  std::vector<std::uint32_t> could;
  for (std::uint32_t i = 0; i < places_.size(); ++i) {
    if (misfit(places_[i].spec, need).empty()) could.push_back(i);
  }
  std::ranges::stable_sort(could, {},
                           [this](std::uint32_t i) { return places_[i].spec.cost_millis; });
  return could;
}

std::optional<std::uint32_t> Places::choose(const std::vector<std::uint32_t>& could,
                                            const PlaceNeed& need, const std::vector<bool>& blocked,
                                            bool machine) const {
  std::optional<std::uint32_t> best;
  for (const std::uint32_t i : could) {
    const PlaceState& place = places_[i];
    if (best.has_value() && place.spec.cost_millis > places_[*best].spec.cost_millis) break;
    if (blocked[i] || !place.lacks(need).empty()) continue;
    if (place.spec.type == PlaceType::kLocal && !machine) continue;
    if (!best.has_value() || place.holders.size() < places_[*best].holders.size()) best = i;
  }
  return best;
}

std::string Places::reason(std::string_view place, const PlaceNeed& need) const {
  const std::vector<std::uint32_t> could = fitting(need);
  const auto found = std::ranges::find(
      could, place, [this](std::uint32_t i) { return std::string_view(places_[i].spec.name); });
  // Of one that is gone, or has changed since, nothing else is known.
  if (found == could.end()) return fmt::format("at '{}'", place);
  if (could.size() == 1) return fmt::format("at '{}': no other place can take it", place);
  const bool cheapest = places_[*found].spec.cost_millis == places_[could.front()].spec.cost_millis;
  return fmt::format("at '{}': {}", place,
                     cheapest ? fmt::format("the cheapest of {} that can take it", could.size())
                              : std::string("cheaper ones had no room"));
}

PlaceHold Places::hold_of(std::uint32_t place, const PlaceNeed& need) const {
  const PlaceSpec& spec = places_[place].spec;
  return {spec.name, spec.type, need.cpu_millis, need.memory_bytes};
}

std::shared_ptr<const PlaceSpec> Places::spec_of(const PlaceHold& hold) const {
  if (hold.place.empty()) return nullptr;
  const auto found =
      std::ranges::find(places_, hold.place, [](const PlaceState& one) { return one.spec.name; });
  if (found != places_.end() && found->spec.type == hold.type) {
    return std::make_shared<const PlaceSpec>(found->spec);
  }
  return std::make_shared<const PlaceSpec>(PlaceSpec{.name = hold.place, .type = hold.type});
}

void Places::take(const PlaceHold& hold, SlotHolder holder, bool driven) {
  PlaceState* const place = find(hold.place);
  if (place == nullptr) return;
  if (!driven && place->holders.contains(holder)) return;
  give_back(hold, holder);  // what was known of it before its run was taken up
  place->cpu_millis += hold.cpu_millis;
  place->memory_bytes += hold.memory_bytes;
  place->holders.emplace(std::move(holder), PlaceState::Held{hold, driven});
}

void Places::give_back(const PlaceHold& hold, const SlotHolder& holder) {
  PlaceState* const place = find(hold.place);
  if (place == nullptr) return;
  const auto found = place->holders.find(holder);
  if (found == place->holders.end()) return;
  place->cpu_millis -= found->second.hold.cpu_millis;
  place->memory_bytes -= found->second.hold.memory_bytes;
  place->holders.erase(found);
}

void Places::forget(RunNo run) {
  for (PlaceState& place : places_) {
    for (auto at = place.holders.lower_bound({run, {}});
         at != place.holders.end() && at->first.run == run;) {
      if (at->second.driven) {
        ++at;
        continue;
      }
      place.cpu_millis -= at->second.hold.cpu_millis;
      place.memory_bytes -= at->second.hold.memory_bytes;
      at = place.holders.erase(at);
    }
  }
}

std::string Places::explain(const PlaceNeed& need) const {
  if (places_.empty()) return "no place can take it: the project's cordyna.yaml declares none";
  const bool can = !fitting(need).empty();
  std::string text = can ? "no place has room: " : "no place can take it: ";
  std::size_t named = 0;
  for (const PlaceState& place : places_) {
    const std::string reason = misfit(place.spec, need);
    if (can && !reason.empty()) continue;  // of those that could, what they lack is said
    if (named == kPlacesNamed) return text + "; and so on";
    text += fmt::format("{}'{}' ", named++ == 0 ? "" : "; ", place.spec.name);
    if (!reason.empty()) {
      text += reason;
      continue;
    }
    const std::string_view what = place.lacks(need);
    if (what.empty()) {
      text += place.spec.type == PlaceType::kLocal ? "has, but all slots of the machine are taken"
                                                   : "has, and others go before";
      continue;
    }
    text += fmt::format("has {} held by {}", fullness(place, what),
                        holders_text(place.holders, kNamedOfAPlace));
  }
  return text;
}

}  // namespace cordyna::engine
