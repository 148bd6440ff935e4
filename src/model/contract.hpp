/// What the declaration of a task says of the values that it takes and gives.
#pragma once

#include <memory>

#include "base/value_check.hpp"

namespace cordyna {

/// Of a task that a task server carries out. Null: anything.
struct Contract {
  std::shared_ptr<const ValueCheck> run_inputs{};  ///< of the run's, if these are its own
  std::shared_ptr<const ValueCheck> own_inputs{};  ///< of those that the flow gives it
  std::shared_ptr<const ValueCheck> output{};      ///< of what it gives
};

}  // namespace cordyna
