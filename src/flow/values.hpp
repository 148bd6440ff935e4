/// Reads values as the tables (key_spec.hpp) want them: reports what does not fit, writes the rest
/// as JSON, and notes where templates and tasks are named.
///
/// Threads: none.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "flow/diagnostics.hpp"
#include "flow/key_spec.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {

struct TemplateUse {
  const Node* node = nullptr;
  ValueKind kind = ValueKind::kTemplate;
};

struct TaskUse {
  const Node* node = nullptr;  ///< a map: what another flow must have done
  std::string_view key;        ///< "needs", "of"
  bool data = false;           ///< it must be a task that gives data
};

/// What a value names, to be looked up when all tasks are known. Points into the tree.
struct Uses {
  std::vector<TemplateUse> templates;
  std::vector<TaskUse> tasks;
};

/// Whether `text` matches [A-Za-z_][A-Za-z0-9_]*: environment variables and secrets.
[[nodiscard]] bool is_env_name(std::string_view text);

class ValueReader {
 public:
  ValueReader(Reporter& reporter, Uses& uses) : reporter_(reporter), uses_(uses) {}

  /// Appends the value's JSON to `out`. False: it does not fit, which was reported. `name` is the
  /// key it stands behind, for messages.
  bool read(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);

  /// An object whose keys are `fields`, presets filled in.
  bool read_object(const Node& node, std::span<const KeySpec> fields, std::string_view name,
                   std::string& out);

  // Single values. Nullopt: does not fit, which was reported.
  std::optional<std::string_view> text(const Node& node, std::string_view name);
  std::optional<std::int64_t> integer(const Node& node, const KeySpec& spec, std::string_view name);
  std::optional<bool> boolean(const Node& node, std::string_view name);
  std::optional<Millis> duration(const Node& node, const KeySpec& spec, std::string_view name);
  /// The place of the word among `spec.words`.
  std::optional<std::size_t> word(const Node& node, const KeySpec& spec, std::string_view name);
  bool is_map(const Node& node, std::string_view name);
  bool is_list(const Node& node, std::string_view name);

  /// Reports a key that `known` does not have: renamed, or unknown with the nearest.
  void unknown_key(const Node& key, std::span<const KeySpec> known, std::span<const KeySpec> more,
                   std::span<const Renamed> renamed, std::string_view where);

 private:
  bool read_text(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);
  bool read_named(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);
  bool read_need(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);
  bool read_number(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);
  bool read_list(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);
  bool read_map(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);
  /// A scalar that stands for an object with one field.
  bool read_short(const Node& node, const KeySpec& spec, std::string_view name, std::string& out);
  bool read_any(const Node& node, std::string& out);
  bool check_text(const Node& node, std::string_view text, ValueKind kind, std::string_view name);
  bool check_size(const Node& node, const KeySpec& spec, std::string_view name);
  bool check_map_key(const Node& key, const KeySpec& spec, std::string_view name);
  void note_templates(const Node& node);
  bool wrong_type(const Node& node, std::string_view name, std::string_view wanted);

  Reporter& reporter_;
  Uses& uses_;
};

}  // namespace cordyna::flow
