/// The places of a project: what each has, and what attempts hold of it.
///
/// Who waits for one, `slots.hpp` knows. Places that a project does not declare (any more) hold
/// nothing up, and count nothing. Threads: none; a value.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/place.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

/// What holds a slot of a pool, or a part of a place.
struct SlotHolder {
  RunNo run = 0;
  std::string path;

  auto operator<=>(const SlotHolder&) const = default;
};

/// One place as it is now.
struct PlaceState {
  struct Held {
    PlaceHold hold;
    bool driven = true;  ///< false: of a run that nobody has taken up; it may live
  };

  PlaceSpec spec;
  std::map<SlotHolder, Held> holders{};
  std::uint64_t cpu_millis = 0;  ///< what they hold together; more than it has where it has become
  std::uint64_t memory_bytes = 0;  ///< smaller

  /// Which of what it has does not suffice now: "slots", "cores", "memory"; empty: all does.
  [[nodiscard]] std::string_view lacks(const PlaceNeed& need) const;
};

class Places {
 public:
  Places() = default;
  /// Each name once.
  explicit Places(std::vector<PlaceSpec> specs, bool counts = true);

  /// Whether attempts of such a task have a place at all: where the project declares none of a type
  /// that takes it, and the flow wants none, nothing is counted.
  [[nodiscard]] bool counts(const PlaceNeed& need) const;
  /// The numbers of those that could take it if they were empty, the cheapest first, of equals by
  /// name.
  [[nodiscard]] std::vector<std::uint32_t> fitting(const PlaceNeed& need) const;
  /// Of `could`, which is as `fitting` gives it, the cheapest with room that is not `blocked`; of
  /// equals the one with the fewest attempts. `machine`: the machine has a slot.
  [[nodiscard]] std::optional<std::uint32_t> choose(const std::vector<std::uint32_t>& could,
                                                    const PlaceNeed& need,
                                                    const std::vector<bool>& blocked,
                                                    bool machine) const;
  /// Why it is this one of `could`: for people.
  [[nodiscard]] std::string reason(std::uint32_t place,
                                   const std::vector<std::uint32_t>& could) const;
  [[nodiscard]] PlaceHold hold_of(std::uint32_t place, const PlaceNeed& need) const;

  /// The place of an attempt, for who carries it out: of one that is not declared any more its name
  /// and type. Null: it was not placed.
  [[nodiscard]] std::shared_ptr<const PlaceSpec> spec_of(const PlaceHold& hold) const;

  void take(const PlaceHold& hold, SlotHolder holder, bool driven);
  void give_back(const PlaceHold& hold, const SlotHolder& holder);
  /// Of the run, what nobody has taken up.
  void forget(RunNo run);

  [[nodiscard]] const std::vector<PlaceState>& all() const { return places_; }
  /// Why no place takes it now, or can ever: for people.
  [[nodiscard]] std::string explain(const PlaceNeed& need) const;

 private:
  [[nodiscard]] PlaceState* find(std::string_view name);

  std::vector<PlaceState> places_;  // in order of their names
  bool counts_ = true;
};

}  // namespace cordyna::engine
