/// What the programs of a project declare, asked when a flow is checked that uses their types.
#pragma once

#include "base/result.hpp"
#include "model/plugin.hpp"

namespace cordyna {

/// Threads: any.
class PluginTypes {
 public:
  PluginTypes() = default;
  virtual ~PluginTypes() = default;
  PluginTypes(const PluginTypes&) = delete;
  PluginTypes& operator=(const PluginTypes&) = delete;

  /// May start the program, and wait for it as long as kPluginAcknowledge. Errors: kUnavailable: it
  /// cannot be started, ends or says nothing in time; kInvalidArgument: what it says is no
  /// declaration, or of other tasks; kDenied: plugins are switched off here.
  [[nodiscard]] virtual Result<PluginType> find(const PluginProgram& program) const = 0;
};

}  // namespace cordyna
