/// Flows that a state knows by name: the current version of each, and the sequence of its versions.
///
/// A version is a number, 1, 2, 3… of its flow, and points to a FlowVersionRow by its hash: a flow
/// that goes back to an earlier content gets a new number with an old hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace cordyna {

/// Who has disabled a flow: nothing begins a run of it until it is enabled again.
struct Disabling {
  Millis at = 0;  ///< 0: the flow is enabled
  std::string by;
  std::string reason;  ///< may be empty

  bool operator==(const Disabling&) const = default;
};

/// A flow is to be disabled, or enabled again.
struct FlowSwitch {
  std::string ns;
  std::string flow_id;
  bool enabled = true;
  std::string by;      ///< who wants it
  std::string reason;  ///< of a flow that is disabled; at most kReasonMax bytes

  bool operator==(const FlowSwitch&) const = default;
};

inline constexpr std::size_t kReasonMax = 1000;

/// The text that a flow was written as, with its comments: the canonical form has none.
struct FlowSourceRow {
  std::string hash;  ///< SHA-256 of the text, hexadecimal; empty: there is none
  std::string text;

  bool operator==(const FlowSourceRow&) const = default;
};

/// The current version of a flow, one row for each name (namespace and id).
struct AppliedFlowRow {
  std::string ns;
  std::string flow_id;
  std::int64_t version = 0;  ///< from 1
  std::string hash;
  std::string folder;     ///< absolute; relative paths in the flow are from here
  std::string file;       ///< absolute; where it was read from
  Millis applied_at = 0;  ///< when this version was
  Millis removed_at = 0;  ///< 0: it is there
  Disabling disabled{};   ///< of the name, whatever its version; also while it is removed
  std::int64_t from = 0;  ///< the version to replace; 0: insert. Read back: the present one
  std::string source{};   ///< as of a version; of the last file that made this one

  bool operator==(const AppliedFlowRow&) const = default;
};

/// One number in the sequence of a flow; never altered.
struct AppliedVersionRow {
  std::string ns;
  std::string flow_id;
  std::int64_t version = 0;
  std::string hash;
  std::string folder;
  std::string file;
  Millis applied_at = 0;
  std::string source{};  ///< of a FlowSourceRow, its hash; empty: nothing was written, or kept

  bool operator==(const AppliedVersionRow&) const = default;
};

/// What an apply changes of one name, and from what: it holds only where the state is still so.
struct FlowChange {
  std::string ns;
  std::string flow_id;
  std::int64_t from = 0;     ///< the version it had; 0: the name was unknown
  bool was_removed = false;  ///< of that version
  std::string canonical;     ///< empty: the flow is removed
  std::string folder;
  std::string file;  ///< of one that is removed, or was before: noted, where it is there
  FlowSourceRow source{};

  bool operator==(const FlowChange&) const = default;
};

/// "acme.housing/real-estate"; the id alone where there is no namespace.
[[nodiscard]] inline std::string flow_name(const std::string& ns, const std::string& id) {
  return ns.empty() ? id : ns + "/" + id;
}

}  // namespace cordyna
