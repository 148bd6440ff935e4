/// One seed is one world: random flows, processes that fail, vanish and hang, a cerebro that
/// crashes before and after its commits, messages that double, delay and get lost with it; and the
/// invariants after each commit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cordyna::sim {

/// How often the rare things happened: a simulator that never meets them proves nothing.
struct Sightings {
  std::uint64_t commits = 0;
  std::uint64_t runs = 0;
  std::uint64_t attempts = 0;
  std::uint64_t retries = 0;
  std::uint64_t crashes_before = 0;
  std::uint64_t crashes_after = 0;
  std::uint64_t full_disks = 0;  ///< commits that had to wait for space
  std::uint64_t refusals = 0;    ///< commits of which a row was refused
  std::uint64_t adopted = 0;
  std::uint64_t sent_again = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t lost_messages = 0;
  std::uint64_t late = 0;
  std::uint64_t blocked = 0;
  std::uint64_t skipped = 0;
  std::uint64_t cancelled_runs = 0;
  std::uint64_t timed_out_runs = 0;
  std::uint64_t timeouts_acknowledge = 0;
  std::uint64_t timeouts_start = 0;
  std::uint64_t timeouts_complete = 0;
  std::uint64_t timeouts_total = 0;
  std::uint64_t overdue_at_boot = 0;
  std::uint64_t paused_runs = 0;
  std::uint64_t approved = 0;
  std::uint64_t rejected = 0;
  std::uint64_t late_runs = 0;
  std::uint64_t stuck = 0;
  std::uint64_t retrying = 0;
  std::uint64_t pauses = 0;  ///< that ended when their time had come
  std::uint64_t pauses_unanswered = 0;
  std::uint64_t choices = 0;        ///< of switches
  std::uint64_t failed_inside = 0;  ///< switches that ended in error by what is inside
  std::uint64_t items = 0;          ///< tasks of items of a foreach that ended
  std::uint64_t failed_items = 0;   ///< foreach that ended in error by items
  std::uint64_t conditions = 0;     ///< that held after a wait
  std::uint64_t looks = 0;          ///< of scripts that said: not yet
  std::uint64_t reruns = 0;
  std::uint64_t taken_over = 0;  ///< tasks, by reruns
  std::uint64_t queued_runs = 0;
  std::uint64_t admitted_runs = 0;
  std::uint64_t skipped_runs = 0;    ///< since as many as may were there
  std::uint64_t displaced_runs = 0;  ///< cancelled for a later one
  std::uint64_t full_pools = 0;
  std::uint64_t full_rates = 0;
  std::uint64_t full_places = 0;
  std::uint64_t over_full = 0;  ///< pools that adopted attempts held more of than there is

  void add(const Sightings& other);
  /// Names of those that are zero.
  [[nodiscard]] std::vector<std::string> missing() const;
  [[nodiscard]] std::string summary() const;
};

struct WorldResult {
  std::uint64_t hash = 0;               ///< of everything committed: the same for the same seed
  std::vector<std::string> violations;  ///< empty: all invariants held
  Sightings seen;
};

/// Lives through the world of `seed` to its end.
[[nodiscard]] WorldResult live(std::uint64_t seed);

}  // namespace cordyna::sim
