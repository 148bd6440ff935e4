/// The places of a world, and what they promise: none is ever overfull, and an attempt is where it
/// fits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "model/flow.hpp"
#include "model/place.hpp"
#include "model/rows.hpp"
#include "sim/random.hpp"

namespace cordyna::sim {

/// Drawn apart from the rest of a world, which stays as it is without them. Empty: it has none.
[[nodiscard]] std::vector<PlaceSpec> random_places(Random& random);
/// Another owner, another cordyna.yaml: the slots change, what fits stays.
void redraw_places(Random& random, std::vector<PlaceSpec>& places);
/// The flow with a place for some of its tasks, each of which fits one of `places`.
[[nodiscard]] std::shared_ptr<const Flow> with_places(const Flow& flow,
                                                      const std::vector<PlaceSpec>& places,
                                                      Random& random);

class PlaceChecker {
 public:
  PlaceChecker(const std::vector<PlaceSpec>& places,
               std::function<void(const std::string&)> violation)
      : places_(places), violation_(std::move(violation)) {}

  void add_flow(RunNo run, std::shared_ptr<const Flow> flow) { flows_[run] = std::move(flow); }
  void on_commit(const ChangeSet& changes);
  /// Starts that took the last of a place.
  [[nodiscard]] std::uint64_t full() const { return full_; }

 private:
  void check_attempt(const AttemptRow& row);
  void check_place(const PlaceSpec& place);

  const std::vector<PlaceSpec>& places_;
  std::function<void(const std::string&)> violation_;
  std::map<RunNo, std::shared_ptr<const Flow>> flows_;
  std::map<std::tuple<RunNo, std::string, std::uint32_t>, PlaceHold> holds_;
  std::vector<std::string> started_;  // places, in this commit
  std::uint64_t full_ = 0;
};

}  // namespace cordyna::sim
