/// What the process of a plugin's task gets to know: a file in its attempt's folder, and a variable
/// for what must not be written to the disk.
///
/// Threads: any, while nobody changes the environment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::plugin {

inline constexpr const char* kStepFile = "plugin.json";
inline constexpr const char* kSecretsVariable = "DYNA_PLUGIN_SECRETS";  ///< JSON: PluginSecrets
/// The name of the type that is meant, for the program: it may be one for several.
inline constexpr const char* kTypeVariable = "DYNA_PLUGIN";
/// Linux hands 128 KiB to a program in one variable.
inline constexpr std::size_t kSecretsBytesMax = std::size_t{120} << 10;

struct PluginStep {
  std::string type;
  std::vector<std::string> argv;
  std::string version;        ///< that the flow was checked with
  std::string inputs = "{}";  ///< a JSON object; secrets in it as "***"
  std::string output_schema;  ///< empty: any output
  std::string trigger;        ///< JSON, of a task.invoke
  Millis acknowledge = 0;     ///< each more than 0 where there is a limit
  Millis start = 0;
  Millis complete = 0;
};

struct PluginSecrets {
  std::string inputs;              ///< whole, where they hold a secret; else empty
  std::vector<std::string> masks;  ///< every secret by itself
};

[[nodiscard]] std::string to_json(const PluginStep& step);
/// Errors: kCorrupt.
[[nodiscard]] Result<PluginStep> parse_step(std::string_view text);
[[nodiscard]] std::string to_json(const PluginSecrets& secrets);
/// "" gives none. Errors: kCorrupt.
[[nodiscard]] Result<PluginSecrets> parse_secrets(std::string_view text);

}  // namespace cordyna::plugin
