/// All namespaces that follow a branch, as git.yaml names them by now.
///
/// Each has a thread of its own. What they applied is in the state; clones and files of commits are
/// in its folder, and are made anew where they are gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "git/follower.hpp"
#include "model/git.hpp"
#include "ports/git_follows.hpp"

namespace cordyna::git {

struct HostParts {
  FollowerParts follower;  ///< as each has them, but for cerebro
  /// Nullopt: it is as it was read last. Errors: it cannot be read, and the one before stays.
  /// Called from any thread, one at a time.
  std::function<Result<std::optional<GitPlan>>()> read_plan{};
};

/// Threads: any.
class GitHost final : public GitFollows {
 public:
  /// Knows what is followed from here on; looks at nothing before `begin`.
  explicit GitHost(HostParts parts);
  /// As `end`.
  ~GitHost() override;

  /// Begins to follow. Once. Borrows cerebro.
  void begin(Cerebro& cerebro);
  /// Ends all follows, and waits for what is under way to notice. What is followed stays known to
  /// `check_free`.
  void end();

  /// Reads git.yaml again, where it has changed.
  [[nodiscard]] GitStatus status() override;
  [[nodiscard]] Result<std::optional<GitEdit>> edit(std::string_view ns, std::string_view flow_id,
                                                    const AppliedFlowRow* present,
                                                    std::string_view mark) override;
  void sync(std::string_view ns, bool discard, AuditNote note, Done done) override;
  void push(std::string_view ns, GitAuthor author, AuditNote note, Done done) override;

  /// Of flows that come by files of this machine: whether their namespace follows a branch. Errors:
  /// kConflict: it does, with what would be right.
  [[nodiscard]] Result<> check_free(std::string_view ns, std::string_view flow_id);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::git
