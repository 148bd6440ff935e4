#include "input/host/minute.hpp"

namespace cordyna::input {

void LastMinute::add(std::int64_t count, Millis now) {
  const Millis second = now / 1000;
  Second& place = seconds_[static_cast<std::size_t>(second) % seconds_.size()];
  if (place.at != second) place = {second, 0};
  place.count += count;
}

std::int64_t LastMinute::total(Millis now) const {
  const Millis second = now / 1000;
  std::int64_t sum = 0;
  for (const Second& place : seconds_) {
    if (place.at > second - static_cast<Millis>(seconds_.size()) && place.at <= second) {
      sum += place.count;
    }
  }
  return sum;
}

}  // namespace cordyna::input
