#include "schedule/span.hpp"

#include <algorithm>

namespace cordyna::schedule {

std::optional<Millis> Span::next(Millis at) const {
  at = std::max(at, begin_ - 1);
  if (schedule_.has_value()) return schedule_->next(at);
  return begin_ + ((at - begin_ + every_) / every_) * every_;
}

std::optional<Millis> Span::previous(Millis at) const {
  if (schedule_.has_value()) return schedule_->previous(at);
  return begin_ + ((at - begin_ + every_ - 1) / every_ - 1) * every_;
}

Tick Span::tick(Millis at) const {
  if (!schedule_.has_value()) return {at, at - every_};
  return {at, schedule_->previous(at).value_or(at)};
}

std::optional<Tick> Span::after(Millis at) const {
  const auto found = next(at);
  if (!found.has_value() || *found >= end_) return std::nullopt;
  return tick(*found);
}

std::optional<Tick> Span::before(Millis at) const {
  at = std::min(at, end_);
  if (at <= begin_) return std::nullopt;
  const auto found = previous(at);
  if (!found.has_value() || *found < begin_) return std::nullopt;
  return tick(*found);
}

std::vector<Tick> Span::all(std::size_t max) const {
  std::vector<Tick> found;
  for (auto at = next(begin_ - 1); at.has_value() && *at < end_ && found.size() <= max;
       at = next(*at)) {
    found.push_back(found.empty()
                        ? tick(*at)
                        : Tick{*at, schedule_.has_value() ? found.back().at : *at - every_});
  }
  return found;
}

}  // namespace cordyna::schedule
