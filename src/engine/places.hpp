/// The places of a project: what each has, and what attempts hold of it.
///
/// Who waits for one, `slots.hpp` knows. Places that a project does not declare (any more) hold
/// nothing up, and count nothing. Threads: none; a value.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstddef>
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

/// "'load' of run 7, 'b' of run 8 and 3 more": at most `most` by name.
template <class Held>
[[nodiscard]] std::string holders_text(const std::map<SlotHolder, Held>& holders,
                                       std::size_t most) {
  std::string text;
  std::size_t named = 0;
  for (const auto& [holder, held] : holders) {
    if (named == most) return text + fmt::format(" and {} more", holders.size() - named);
    text += fmt::format("{}'{}' of run {}", named++ == 0 ? "" : ", ", holder.path, holder.run);
  }
  return text;
}

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
  /// Why an attempt with this need is at the place: "at 'big': cheaper ones had no room".
  [[nodiscard]] std::string reason(std::string_view place, const PlaceNeed& need) const;
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
