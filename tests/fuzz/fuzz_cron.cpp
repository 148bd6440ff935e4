// Any text is a cron expression or an error; of one that is, the due times rise, in any zone and
// under each policy for clock changes.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "schedule/schedule.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace schedule = cordyna::schedule;
  // The first byte chooses zone and policies, the next four where to begin: 1970 to 2106.
  constexpr std::size_t kChoice = 5;
  if (size < kChoice) return 0;
  constexpr std::array kZones{"UTC", "Europe/Berlin", "America/Chicago", "Australia/Lord_Howe"};
  std::uint32_t from = 0;
  for (std::size_t i = 1; i < kChoice; ++i) from = from << 8 | data[i];
  const std::string_view text(reinterpret_cast<const char*>(data) + kChoice, size - kChoice);
  auto cron = schedule::Cron::parse(text);
  if (!cron.has_value()) {
    CHECK(!cron.error().message.empty());
    return 0;
  }
  auto zone = schedule::Zone::find(kZones[data[0] % kZones.size()]);
  CHECK(zone.has_value());
  schedule::Definition definition{std::move(*cron), std::move(*zone)};
  if ((data[0] & 0x40) != 0) definition.on_gap = schedule::OnGap::kSkip;
  if ((data[0] & 0x80) != 0) definition.on_overlap = schedule::OnOverlap::kBoth;
  const schedule::Schedule plan(std::move(definition));
  cordyna::Millis at = cordyna::Millis{from} * 1000;
  constexpr int kTimes = 5;
  for (int i = 0; i < kTimes; ++i) {
    const auto next = plan.next(at);
    if (!next.has_value()) break;
    CHECK(*next > at && *next % 1000 == 0);
    // Nothing lies in between, wherever one begins to look.
    CHECK(plan.next(*next - 1) == next);
    CHECK(plan.next(at + (*next - at) / 2) == next);
    at = *next;
  }
  return 0;
}
