/// The inputs of flows, and how each fares: for the API and `dyna inputs`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/input_status.hpp"
#include "ports/store_filters.hpp"
#include "service/trigger_list.hpp"

namespace cordyna {

struct ListedInput {
  InputStatus status;
  std::int64_t pending = 0;  ///< events that wait for their run
  std::int64_t dead = 0;     ///< dead letters
};

/// `open`: of StoreReader::count_open_events.
[[nodiscard]] ListedInput input_of(InputStatus status, const std::vector<OpenEvents>& open);

/// A JSON object.
void append_input(std::string& out, const ListedInput& input);
/// {"inputs":[…]}
[[nodiscard]] std::string inputs_as_json(const std::vector<ListedInput>& inputs);

}  // namespace cordyna
