#include "cerebro/gatherer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cordyna {
namespace {

// Of all triggers together.
constexpr std::size_t kBytesMax = std::size_t{64} << 20;

}  // namespace

std::vector<EventRow> Gatherer::add(Millis wall, EventRow event, const GatherSpec& spec) {
  // No id holds a line break.
  const auto [at, is_new] =
      open_.try_emplace(fmt::format("{}\n{}\n{}", event.ns, event.flow_id, event.trigger));
  Open& open = at->second;
  if (!is_new) due_.erase({open.due, at->first});
  if (spec.debounce > 0 && !open.events.empty()) {
    bytes_ -= open.bytes;
    open.bytes = 0;
    open.events.back().payload = {};
  }
  // Nobody waits longer for a clock that was put back.
  const Millis came = std::min(event.at, wall);
  if (spec.debounce > 0) {
    open.due = came + spec.debounce;
  } else if (open.events.empty()) {
    open.due = came + spec.within;
  }
  open.bytes += event.payload.size();
  bytes_ += event.payload.size();
  open.events.push_back(std::move(event));
  const bool whole = open.events.size() >= spec.max || open.bytes >= kGatheredBytes;
  if (whole || bytes_ >= kBytesMax) return take(at);
  due_.emplace(open.due, at->first);
  return {};
}

std::vector<EventRow> Gatherer::take_due(Millis wall) {
  if (due_.empty() || due_.begin()->first > wall) return {};
  const auto at = open_.find(due_.begin()->second);
  due_.erase(due_.begin());
  return take(at);
}

std::vector<EventRow> Gatherer::take(ByTrigger::iterator at) {
  std::vector<EventRow> events = std::move(at->second.events);
  bytes_ -= at->second.bytes;
  open_.erase(at);
  return events;
}

std::optional<Millis> Gatherer::next() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

void Gatherer::clear() {
  open_.clear();
  due_.clear();
  bytes_ = 0;
}

}  // namespace cordyna
