#include "sim/places.hpp"

#include <algorithm>

#include "model/layout.hpp"

namespace cordyna::sim {
namespace {

constexpr std::uint32_t kCore = 1000;

}  // namespace

std::vector<PlaceSpec> random_places(Random& random) {
  std::vector<PlaceSpec> places;
  if (!random.chance(40)) return places;
  const std::uint64_t count = 1 + random.below(3);
  places.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    PlaceSpec place;
    place.name = "at" + std::to_string(i);
    place.type = random.chance(30) ? PlaceType::kLocal : PlaceType::kDocker;
    if (random.chance(60)) place.slots = static_cast<std::uint32_t>(1 + random.below(3));
    if (random.chance(70))
      place.cpu_millis = kCore * static_cast<std::uint32_t>(1 + random.below(4));
    place.cost_millis = kCore * static_cast<std::uint32_t>(random.below(3));
    places.push_back(std::move(place));
  }
  return places;
}

void redraw_places(Random& random, std::vector<PlaceSpec>& places) {
  for (PlaceSpec& place : places) {
    if (place.slots > 0) place.slots = static_cast<std::uint32_t>(1 + random.below(3));
  }
}

std::shared_ptr<const Flow> with_places(const Flow& flow, const std::vector<PlaceSpec>& places,
                                        Random& random) {
  auto placed = std::make_shared<Flow>(flow);
  if (places.empty()) return placed;
  for (TaskSpec& task : placed->tasks) {
    if (task.kind != TaskKind::kProcess || !random.chance(70)) continue;
    const PlaceSpec& fits = places[random.below(places.size())];
    task.place.types = place_bit(fits.type);
    if (random.chance(20)) task.place.name = fits.name;
    const std::uint32_t cores = fits.cpu_millis == 0 ? 3 : fits.cpu_millis / kCore;
    task.place.cpu_millis = kCore * static_cast<std::uint32_t>(random.below(cores + 1));
  }
  return placed;
}

void PlaceChecker::on_commit(const ChangeSet& changes) {
  started_.clear();
  for (const AttemptRow& row : changes.attempts) check_attempt(row);
  for (const PlaceSpec& place : places_) {
    // What was adopted may be more than there is by now; then nothing may begin.
    if (std::ranges::find(started_, place.name) != started_.end()) check_place(place);
  }
}

void PlaceChecker::check_attempt(const AttemptRow& row) {
  const std::tuple<RunNo, std::string, std::uint32_t> key{row.run, row.path, row.attempt};
  if (row.known_dead) {
    holds_.erase(key);
    return;
  }
  const bool begins = row.state == AttemptState::kDispatched && !holds_.contains(key);
  if (!row.place.place.empty()) holds_[key] = row.place;
  if (!begins) return;
  const auto& tasks = flows_.at(row.run)->tasks;
  const auto task = std::ranges::find(tasks, task_in_path(row.path), &TaskSpec::id);
  const auto place = std::ranges::find(places_, row.place.place, &PlaceSpec::name);
  if (place == places_.end()) {
    if (task->place.types != 0) violation_("an attempt that wants a place has none");
    return;
  }
  started_.push_back(place->name);
  const std::string why = misfit(*place, task->place);
  if (!why.empty()) violation_("an attempt is at a place that " + why);
}

void PlaceChecker::check_place(const PlaceSpec& place) {
  std::size_t attempts = 0;
  std::uint64_t cpu = 0;
  for (const auto& [key, hold] : holds_) {
    if (hold.place != place.name) continue;
    ++attempts;
    cpu += hold.cpu_millis;
  }
  if (place.slots > 0 && attempts > place.slots)
    violation_("more attempts at a place than its slots");
  if (place.cpu_millis > 0 && cpu > place.cpu_millis)
    violation_("more cores held than a place has");
  if (attempts == place.slots || cpu == place.cpu_millis) ++full_;
}

}  // namespace cordyna::sim
