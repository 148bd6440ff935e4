/// The inputs of a flow: what the file says of each, checked against the tables and itself.
///
/// Threads: none.
#pragma once

#include <set>
#include <string_view>

#include "flow/diagnostics.hpp"
#include "flow/key_spec.hpp"
#include "flow/values.hpp"
#include "flow/yaml_tree.hpp"
#include "model/flow.hpp"

namespace cordyna::flow {

class InputReader {
 public:
  /// `default_uses` gets the templates in defaults; it outlives the reader.
  InputReader(Reporter& reporter, Uses& default_uses)
      : reporter_(reporter), reader_(reporter, default_uses), uses_(default_uses) {}

  /// One item of `inputs`. What is wrong was reported.
  InputSpec read(const Node& node);

 private:
  /// `id`, `type`, `description`, and keys that there are not. False: the type is not known.
  bool read_words(const Node& node, InputSpec& input);
  void check_id(const Node& node, const InputSpec& input);
  void read_rules(const Node& node, InputSpec& input);
  void read_rule(const KeySpec& spec, const Node& value, InputSpec& input);
  void read_values(const KeySpec& spec, const Node& list, InputSpec& input);
  void read_bound(std::string_view name, const Node& value, InputType type, std::string& bound);
  void read_match(const KeySpec& spec, const Node& value, InputSpec& input);
  /// Bounds that no value can keep.
  void check_bounds(const Node& node, const InputSpec& input);
  void read_default(const Node& value, InputSpec& input);
  void read_list_default(const Node& list, InputSpec& input);
  void read_required(const Node& node, InputSpec& input);
  void wrong_default(const Node& at, const InputSpec& input, std::string_view message);

  Reporter& reporter_;
  ValueReader reader_;
  Uses& uses_;
  std::set<std::string_view> seen_;  // ids of the inputs before, in the tree
};

}  // namespace cordyna::flow
