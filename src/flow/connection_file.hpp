/// Connections: the files connections/NAME.yaml, and which targets of a share are tables of one.
///
/// Threads: none.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flow/connection_keys.hpp"
#include "flow/values.hpp"

namespace cordyna::flow {

/// Reads the connections that one flow names, each once.
class ConnectionFiles {
 public:
  /// `folder`: absolute, the flow's. The files are in `connections/` beside the nearest
  /// `cordyna.yaml` there or above, else in the flow's folder itself.
  explicit ConnectionFiles(std::string folder) : flow_folder_(std::move(folder)) {}
  [[nodiscard]] const std::string& flow_folder() const { return flow_folder_; }

  /// The value of a key `connection`, a name or the connection itself, as JSON. Nullopt: it has
  /// errors, or is one of another type; reported at their place in the connection's file, or at
  /// `value`.
  std::optional<std::string> read(const Node& value, ConnectionType type, Reporter& reporter);

  /// One target of `to`, a text or a map, as JSON: a text for a file, an object with its connection
  /// for a table. Templates go into `uses`. Nullopt: it has errors, which were reported.
  std::optional<std::string> read_target(const Node& value, std::span<const KeySpec> fields,
                                         Reporter& reporter, Uses& uses);

 private:
  std::optional<std::string> load(const Node& at, std::string_view name, ConnectionType type,
                                  Reporter& reporter);
  std::optional<std::string> read_file(const Node& at, std::string_view name, ConnectionType type,
                                       Reporter& reporter);
  /// JSON texts; `connection` is empty for a file.
  struct Target {
    std::string to;
    std::string connection;
  };
  std::optional<Target> read_text_target(const Node& value, Reporter& reporter, Uses& uses);
  bool report_file_target(const Node& value, Reporter& reporter);
  [[nodiscard]] std::string path_of(std::string_view name);
  [[nodiscard]] bool exists(std::string_view name);

  std::string flow_folder_;
  std::string folder_;  ///< of the connections; empty: not looked for yet
  std::map<std::pair<std::string, ConnectionType>, std::optional<std::string>> loaded_;
};

/// Whether a target's text ends as files do: .parquet, .csv, .json or .jsonl.
[[nodiscard]] bool has_file_ending(std::string_view target);

}  // namespace cordyna::flow
