/// One namespace that follows its branch: looks, applies what is there, pushes when it is told to.
///
/// What it blocks on, it blocks a thread of its own. Nothing here changes a run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "model/git.hpp"
#include "ports/clock.hpp"
#include "ports/git_follows.hpp"
#include "ports/plugin_types.hpp"
#include "ports/secrets.hpp"
#include "ports/store.hpp"

namespace cordyna::git {

/// Borrowed, but for what is a value or a function.
struct FollowerParts {
  Cerebro* cerebro = nullptr;
  const Clock* clock = nullptr;
  std::function<Result<std::unique_ptr<StoreReader>>()> open_reader{};
  const Secrets* secrets = nullptr;
  const PluginTypes* plugin_types = nullptr;
  std::string folder{};  ///< absolute: of the state, for clones and files of commits
  /// Something for the log of the server. Called from any thread; must not wait.
  std::function<void(const std::string&)> told{};
};

/// How long until the next look after so many that went wrong: longer each time, within a bound.
[[nodiscard]] Millis pause_after(Millis every, int failures);

/// Threads: any.
class Follower {
 public:
  /// Begins to look at once; where there was another one for the namespace, when that has ended.
  Follower(FollowerParts parts, GitFollow follow, std::unique_ptr<Follower> before = nullptr);
  /// Waits for what is under way to notice.
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// It ends soon; the destructor waits for that.
  void stop();
  /// Whether the destructor has nothing to wait for.
  [[nodiscard]] bool has_ended() const;
  [[nodiscard]] const GitFollow& follow() const;
  [[nodiscard]] FollowStatus status() const;
  /// As of GitFollows.
  [[nodiscard]] Result<GitEdit> edit(std::string_view ns, std::string_view flow_id,
                                     const AppliedFlowRow* present, std::string_view mark) const;
  void sync(bool discard, AuditNote note, GitFollows::Done done);
  void push(GitAuthor author, AuditNote note, GitFollows::Done done);
  /// A flow of the namespace was changed, by whomever. On cerebro's thread: quick.
  void note_change(const AppliedFlowRow& row);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::git
