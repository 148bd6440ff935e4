/// Control groups: what bounds the memory and the share of a processor of an attempt with
/// `resources`.
///
/// A group belongs to one attempt; its guardian makes it, stays outside of it, and removes it. Its
/// name says whose it is: what a killed guardian left behind is found by the next.
/// Where groups can be made is looked up, never assumed: version 2 and version 1 both, also mixed
/// (each controller belongs to one of them), also none.
/// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "process/local/fd.hpp"
#include "process/local/proc.hpp"

namespace cordyna::local {

enum class GroupVersion : std::uint8_t { kNone, kV1, kV2 };

/// Where groups with one controller can be made.
struct GroupPlace {
  GroupVersion version = GroupVersion::kNone;
  std::string folder;  ///< that gets the groups; empty: nowhere
  std::string why;     ///< then: why not
};

struct GroupPlaces {
  GroupPlace memory;
  GroupPlace cpu;  ///< in the folder of `memory`, where both are version 2
};

/// `root` stands before all paths that are read and given, for tests; empty: this machine.
[[nodiscard]] GroupPlaces find_groups(const std::string& root = {});

/// "cordyna-NAMESPACE-PID-START-NUMBER": NAMESPACE is that in which the guardian's number counts.
[[nodiscard]] std::string group_name(const ProcessId& guardian, std::uint64_t number);

/// Ends and removes groups whose guardian lives no more: of this PID namespace, and at most
/// `limit` of them.
void remove_left_groups(const GroupPlaces& places, int limit = 256);

/// The group of one attempt; with controllers of version 1, one folder for each.
class AttemptGroup {
 public:
  AttemptGroup() = default;
  ~AttemptGroup() { remove(); }
  AttemptGroup(AttemptGroup&& other) noexcept;
  AttemptGroup& operator=(AttemptGroup&& other) noexcept;
  AttemptGroup(const AttemptGroup&) = delete;
  AttemptGroup& operator=(const AttemptGroup&) = delete;

  /// Makes it with the bounds of `resources` that a group can hold. What could not be bounded is
  /// missing, and `problem` says why; nothing is left behind of it.
  [[nodiscard]] static AttemptGroup make(const GroupPlaces& places, const std::string& name,
                                         const Resources& resources);

  [[nodiscard]] bool bounds_memory() const { return !memory_.empty(); }
  [[nodiscard]] bool bounds_cpu() const { return !cpu_.empty(); }
  /// Whether the kernel ends one process of it at a time: who wants all ended must look.
  [[nodiscard]] bool ends_singly() const { return bounds_memory() && !v2_memory_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  /// A process that writes "0" to each joins it. Open as long as the group is there.
  [[nodiscard]] const std::vector<Fd>& joins() const { return joins_; }

  /// How often the kernel ended a process of it because memory ran out.
  [[nodiscard]] std::uint64_t memory_kills() const;
  /// The most memory that it had, in bytes; 0: not known.
  [[nodiscard]] std::uint64_t memory_peak() const;
  /// SIGKILL for all in it, whatever they did to get away.
  void kill_all() const;
  /// Removes it; what still lives in it is killed.
  void remove();

 private:
  void add(const std::string& folder);

  std::vector<std::string> folders_;
  std::vector<Fd> joins_;
  std::string memory_;  ///< the folder among them that bounds memory; empty: none does
  std::string cpu_;
  std::string problem_;
  bool v2_memory_ = false;
};

/// False: DYNA_CGROUPS is `off`, and groups are left alone.
[[nodiscard]] bool groups_wanted();

/// What this machine can hold a task to, for people: tries it.
struct GroupReport {
  std::string memory;  ///< "cgroup v1"; where there is no group: why
  std::string cpu;
  bool memory_grouped = false;
  bool cpu_grouped = false;
};
[[nodiscard]] GroupReport describe_groups();

}  // namespace cordyna::local
