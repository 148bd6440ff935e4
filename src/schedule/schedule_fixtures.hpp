/// What tests of schedules share.
#pragma once

#include <string>
#include <string_view>

#include "base/calendar.hpp"
#include "schedule/schedule.hpp"

namespace cordyna::schedule {

inline constexpr Millis kSecond = 1000;
inline constexpr Millis kMinute = 60 * kSecond;
inline constexpr Millis kHour = 60 * kMinute;
inline constexpr Millis kDay = 24 * kHour;

inline Schedule make(const std::string& cron, const std::string& zone = "UTC") {
  TriggerSpec trigger;
  trigger.id = "t";
  trigger.cron = cron;
  trigger.timezone = zone;
  return Schedule::of(trigger).value();
}

inline Millis at(std::string_view text) {
  return parse_timestamp(text).value();
}

}  // namespace cordyna::schedule
