/// Inputs and processes as a configuration names them, and who makes them by their type.
///
/// Threads: as of a value.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cordyna/input.hpp"
#include "cordyna/process.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

struct InputConfig {
  std::string name;  ///< the id of the input
  std::string type;
  std::string connection_string;
  std::vector<Operation> operations;  ///< empty: all
};

struct ProcessConfig {
  std::string name;  ///< the id of the process
  std::string type;
  std::map<std::string, std::string> execution_context;
};

/// Errors of both: kInvalidArgument, kNotFound: no such type, with those that there are.
template <class Made, class Config>
class Registry {
 public:
  using Factory = std::function<Result<std::unique_ptr<Made>>(const Config&)>;

  /// Errors: kConflict: the type is taken.
  [[nodiscard]] Result<> add(std::string type, Factory factory) {
    if (factories_.contains(type)) {
      return fail(ErrorCode::kConflict, "the type '" + type + "' is registered already");
    }
    factories_.emplace(std::move(type), std::move(factory));
    return {};
  }

  /// Errors: kNotFound: no such type, with those that there are; those of the factory.
  [[nodiscard]] Result<std::unique_ptr<Made>> make(const Config& config) const {
    const auto found = factories_.find(config.type);
    if (found != factories_.end()) return found->second(config);
    std::string known;
    for (const auto& [type, factory] : factories_) known += (known.empty() ? "" : ", ") + type;
    return fail(ErrorCode::kNotFound,
                "'" + config.name + "' has the type '" + config.type +
                    "', which nobody registered; there are: " + (known.empty() ? "none" : known));
  }

 private:
  std::map<std::string, Factory> factories_;
};

using InputRegistry = Registry<Input, InputConfig>;
using ProcessRegistry = Registry<Process, ProcessConfig>;

}  // namespace cordyna
