/// Asks the programs of plugins what they declare: starts each, takes the `server.ready` that it
/// begins with, closes its input, and sees to its end.
///
/// What was learned is kept as long as the program's file, and those that its arguments name, stay
/// as they are; that it failed, for a while. Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/time.hpp"
#include "ports/plugin_types.hpp"

namespace cordyna::plugin {

/// "off": no plugin of any project is asked or run on this machine.
inline constexpr const char* kPolicyVariable = "DYNA_PLUGINS";
[[nodiscard]] bool are_plugins_off();

class PluginAsker final : public PluginTypes {
 public:
  /// `patience`: for how long it may say nothing.
  explicit PluginAsker(Millis patience = kPluginAcknowledge) : patience_(patience) {}

  [[nodiscard]] Result<PluginType> find(const PluginProgram& program) const override;

 private:
  struct Known {
    std::string files;  // size, time and number of what stands in argv
    Millis asked = 0;
    Result<PluginType> said;
  };

  Millis patience_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Known> known_;  // by type, words and folder
};

}  // namespace cordyna::plugin
