/// Namespaces that follow a branch of a git repository, for who shows them, asks for a pull or a
/// push, or is about to change a flow of theirs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/applied_flow.hpp"
#include "model/git.hpp"
#include "model/identity.hpp"

namespace cordyna {

/// Who pushes, and what he says of it.
struct GitAuthor {
  std::string name;
  std::string email;
  std::string message;
};

/// Where a changed flow of a followed namespace belongs.
struct GitEdit {
  std::string folder;  ///< absolute: relative paths in the flow are from here
  std::string file;    ///< of its row
};

/// Threads: any.
class GitFollows {
 public:
  GitFollows() = default;
  virtual ~GitFollows() = default;
  GitFollows(const GitFollows&) = delete;
  GitFollows& operator=(const GitFollows&) = delete;

  /// Called once, on a thread of ours or at once: must be quick.
  using Done = std::move_only_function<void(Result<FollowStatus>)>;

  [[nodiscard]] virtual GitStatus status() = 0;

  /// Whether somebody may change a flow here, and where it belongs then; nullopt: its namespace
  /// follows nothing. `present`: what the state has, also if it was removed; null: nothing.
  /// `mark`: text_mark of the new text; empty: the flow is removed. Errors: kConflict: it is
  /// changed in the branch, or nothing was pulled yet.
  [[nodiscard]] virtual Result<std::optional<GitEdit>> edit(std::string_view ns,
                                                            std::string_view flow_id,
                                                            const AppliedFlowRow* present,
                                                            std::string_view mark) = 0;

  /// Looks at the branch now, and applies its newest commit. `discard`: what was changed here and
  /// not pushed gives way. That the commit cannot be applied is no error: the status says it.
  /// `note`: for the audit. Errors: kNotFound: no such follow; kUnavailable: it is ended.
  virtual void sync(std::string_view ns, bool discard, AuditNote note, Done done) = 0;

  /// Pushes what was changed here as one commit. Errors: as sync; kConflict: the branch has moved,
  /// or nothing was changed; kDenied: `push` is off, or the other side refuses; kUnavailable.
  virtual void push(std::string_view ns, GitAuthor author, AuditNote note, Done done) = 0;
};

}  // namespace cordyna
