#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

#include "sim/world.hpp"

namespace cordyna::sim {
namespace {

using Field = std::uint64_t Sightings::*;

constexpr std::array kFields{
    std::pair("commits", &Sightings::commits),
    std::pair("runs", &Sightings::runs),
    std::pair("attempts", &Sightings::attempts),
    std::pair("retries", &Sightings::retries),
    std::pair("crashes before a commit", &Sightings::crashes_before),
    std::pair("crashes after a commit", &Sightings::crashes_after),
    std::pair("commits on a full disk", &Sightings::full_disks),
    std::pair("refused rows", &Sightings::refusals),
    std::pair("adopted attempts", &Sightings::adopted),
    std::pair("commands sent again", &Sightings::sent_again),
    std::pair("duplicate messages", &Sightings::duplicates),
    std::pair("lost messages", &Sightings::lost_messages),
    std::pair("late proofs of death", &Sightings::late),
    std::pair("blocked tasks", &Sightings::blocked),
    std::pair("skipped tasks", &Sightings::skipped),
    std::pair("cancelled runs", &Sightings::cancelled_runs),
    std::pair("timed out runs", &Sightings::timed_out_runs),
    std::pair("acknowledge timeouts", &Sightings::timeouts_acknowledge),
    std::pair("start timeouts", &Sightings::timeouts_start),
    std::pair("complete timeouts", &Sightings::timeouts_complete),
    std::pair("whole timeouts", &Sightings::timeouts_total),
    std::pair("long downtimes", &Sightings::overdue_at_boot),
    std::pair("paused runs", &Sightings::paused_runs),
    std::pair("approved holds", &Sightings::approved),
    std::pair("rejected holds", &Sightings::rejected),
    std::pair("late runs", &Sightings::late_runs),
    std::pair("stuck tasks", &Sightings::stuck),
    std::pair("tasks told to be tried again", &Sightings::retrying),
    std::pair("pauses for a time", &Sightings::pauses),
    std::pair("pauses that nobody answered", &Sightings::pauses_unanswered),
    std::pair("choices", &Sightings::choices),
    std::pair("failures inside of switches", &Sightings::failed_inside),
    std::pair("tasks of items", &Sightings::items),
    std::pair("foreach with failed items", &Sightings::failed_items),
    std::pair("conditions waited for", &Sightings::conditions),
    std::pair("looks of scripts", &Sightings::looks),
    std::pair("reruns", &Sightings::reruns),
    std::pair("tasks taken over", &Sightings::taken_over),
    std::pair("queued runs", &Sightings::queued_runs),
    std::pair("admitted runs", &Sightings::admitted_runs),
    std::pair("skipped runs", &Sightings::skipped_runs),
    std::pair("displaced runs", &Sightings::displaced_runs),
    std::pair("full pools", &Sightings::full_pools),
    std::pair("full rates", &Sightings::full_rates),
    std::pair("full places", &Sightings::full_places),
    std::pair("pools over their size", &Sightings::over_full),
};

}  // namespace

void Sightings::add(const Sightings& other) {
  for (const auto& [name, field] : kFields) this->*field += other.*field;
}

std::vector<std::string> Sightings::missing() const {
  std::vector<std::string> names;
  for (const auto& [name, field] : kFields) {
    if (this->*field == 0) names.emplace_back(name);
  }
  return names;
}

std::string Sightings::summary() const {
  std::string text;
  for (const auto& [name, field] : kFields) {
    fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", this->*field,
                   name);
  }
  return text;
}

}  // namespace cordyna::sim
