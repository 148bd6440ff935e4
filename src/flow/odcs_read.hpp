/// What the importers of ODCS share (odcs_import.cpp, odcs_column.cpp): reading nodes, and saying
/// what is lost.
///
/// Threads: none.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/diagnostics.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow::odcs {

[[nodiscard]] boost::json::value value_of(const Node& node);
/// Empty where there is no scalar.
[[nodiscard]] std::string_view text_at(const Node& node, std::string_view key);
[[nodiscard]] bool is_true(const Node& node, std::string_view key);
/// Nullopt: null, or no number.
[[nodiscard]] std::optional<double> number_of(const Node* node);
/// The items of a list; nothing where it is none.
[[nodiscard]] std::vector<const Node*> items(const Node* list);

/// What a quality metric must lie between, both ends included.
struct Bounds {
  std::optional<std::int64_t> least;
  std::optional<std::int64_t> most;
  [[nodiscard]] bool none_allowed() const { return most == 0; }
};
/// Nullopt: it has no such operator, or its number is not whole.
[[nodiscard]] std::optional<Bounds> bounds_of(const Node& quality);
/// The metric's name as 3.1 has it; what 3.0 called "rule".
[[nodiscard]] std::string_view metric_of(const Node& quality);
/// warning, warn or info.
[[nodiscard]] bool only_warns(const Node& quality);

class Importer {
 public:
  explicit Importer(Reporter& reporter) : reporter_(reporter) {}

 protected:
  void lost(const Node& at, std::string message);
  /// Warns of the keys that are not among `taken`. Values that say what is so anyway need no word.
  void lose_others(const Node& map, const std::vector<std::string_view>& taken,
                   std::string_view whose);
  void lose_quality(const Node& quality, std::string_view whose);
  /// The values of our custom properties, without "cordyna."; warns of others.
  boost::json::object own_properties(const Node& map, std::string_view whose);

  Reporter& reporter_;
};

/// The column of a contract that a property of the schema gives.
[[nodiscard]] boost::json::object import_column(Reporter& reporter, const Node& property);

}  // namespace cordyna::flow::odcs
