#include "schedule/zone.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <exception>
#include <limits>
#include <vector>

#include "base/nearest.hpp"

namespace cordyna::schedule {
namespace {

/// The library throws where files are missing or broken.
const date::tzdb* database() {
  try {
    return &date::get_tzdb();
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::string names_like(const date::tzdb& zones, std::string_view name) {
  std::vector<std::string_view> names;
  names.reserve(zones.zones.size());
  for (const date::time_zone& zone : zones.zones) names.emplace_back(zone.name());
  const std::string like = nearest(name, names);
  return like.empty() ? std::string() : fmt::format("; did you mean '{}'?", like);
}

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
  if (name == "UTC") return utc();
  const date::tzdb* zones = database();
  if (zones == nullptr) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the zone '{}' is not known: there is no database of time zones in "
                            "/usr/share/zoneinfo; install the package tzdata",
                            name));
  }
  try {
    const date::time_zone* zone = date::locate_zone(name);
    (void)zone->get_info(date::sys_seconds());  // reads its file, which may be broken
    return Zone(std::string(name), zone);
  } catch (const std::exception&) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no time zone; one is like Europe/Berlin or UTC{}", name,
                            names_like(*zones, name)));
  }
}

Period Zone::period_at(std::int64_t utc_seconds) const {
  if (zone_ == nullptr) {
    return {std::numeric_limits<std::int64_t>::min() / 2,
            std::numeric_limits<std::int64_t>::max() / 2, 0};
  }
  const date::sys_info info = zone_->get_info(date::sys_seconds(std::chrono::seconds(utc_seconds)));
  return {info.begin.time_since_epoch().count(), info.end.time_since_epoch().count(),
          info.offset.count()};
}

}  // namespace cordyna::schedule
