#include "ports/clock.hpp"

#include <chrono>

namespace cordyna {
namespace {

template <class C>
Millis read() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(C::now().time_since_epoch()).count();
}

}  // namespace

SystemClock::SystemClock()
    : wall_at_start_(read<std::chrono::system_clock>()),
      steady_at_start_(read<std::chrono::steady_clock>()) {}

Millis SystemClock::wall() const {
  return read<std::chrono::system_clock>();
}

Millis SystemClock::now() const {
  return wall_at_start_ + (read<std::chrono::steady_clock>() - steady_at_start_);
}

}  // namespace cordyna
