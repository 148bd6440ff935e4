/// YAML as a tree of our own, with the place of each value.
///
/// What is read is strict: YAML 1.2 core scalars (`no` is a word, `0o17` is 15), no duplicate keys,
/// no merge keys, no tags but those of the core schema, one document, at most 64 levels deep and
/// 100,000 values through aliases. Only yaml_tree.cpp knows libyaml.
/// Threads: none; a tree is read by one at a time, and never changed.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "flow/diagnostics.hpp"

namespace cordyna::flow {

inline constexpr std::size_t kYamlDepthMax = 64;
inline constexpr std::size_t kYamlAliasNodesMax = 100'000;

enum class NodeKind : std::uint8_t { kNull, kBool, kInt, kFloat, kString, kList, kMap };

/// "a list", "a map", "a whole number": for messages.
[[nodiscard]] std::string_view describe(NodeKind kind);

/// The children of a map alternate: key, value, key, value; keys are scalars, their `text` is the
/// key.
struct Node {
  std::string_view text;  ///< of a scalar, as written (escapes resolved); into the tree
  const Node* first = nullptr;
  const Node* next = nullptr;
  Mark mark;
  NodeKind kind = NodeKind::kNull;

  [[nodiscard]] bool is_scalar() const { return kind != NodeKind::kList && kind != NodeKind::kMap; }
  /// The value of a map's key; null: not there, or not a map.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

class YamlTree {
 public:
  /// Null: `text` could not be read at all; `reporter` was told why. Duplicate keys and numbers
  /// that do not fit are reported too, and the tree is there.
  const Node* load(std::string_view text, Reporter& reporter);

  /// A JSON text, without marks. Errors: kCorrupt: not JSON, or too deep.
  Result<const Node*> load_json(std::string_view text);

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  friend class YamlBuilder;
  friend class JsonBuilder;

  Node* add(Node node) { return &nodes_.emplace_back(node); }
  /// A copy of `text` that lives as long as the tree.
  std::string_view keep(std::string_view text);

  std::deque<Node> nodes_;  // never moved: nodes point at each other
  std::deque<std::string> chunks_;
};

/// What a plain scalar is under YAML 1.2's core schema.
[[nodiscard]] NodeKind resolve_plain(std::string_view text);

/// A scalar that is not a string as JSON text: "017" → 17, "0o17" → 15, "1." → 1.0. Empty: it does
/// not fit into 64 bits, or is .inf or .nan, which JSON does not have.
[[nodiscard]] std::string scalar_as_json(const Node& node);

}  // namespace cordyna::flow
