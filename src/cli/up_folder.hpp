/// The folder whose flows `dyna up DIR` applies: once, and again when it changes.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "cli/commands.hpp"
#include "cli/folder_watch.hpp"
#include "cli/ownership.hpp"
#include "service/apply_plan.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::cli {

/// Unlike `dyna apply`, applies what is right where other files are wrong: those are named, and
/// their flows stay as they were applied last. Threads: one.
class UpFolder {
 public:
  /// Reads the folder. Errors: kNotFound; kInvalidArgument: there is no flow in it.
  [[nodiscard]] static Result<UpFolder> open(const CommandContext& context,
                                             const std::string& folder);

  /// Leaves out flows of which this is an error, which is said once.
  void leave_to(std::function<Result<>(const std::string& ns, const std::string& id)> others) {
    others_ = std::move(others);
  }
  /// Applies what was read last. Errors: those of the state.
  [[nodiscard]] Result<> apply(const StateLayout& layout, Ownership& ownership);

  /// For poll; -1: nothing is watched.
  [[nodiscard]] int fd() const { return watch_.has_value() ? watch_->fd() : -1; }
  /// Notes what has changed at a time. Errors: as FolderWatch::take_changes.
  [[nodiscard]] Result<> look(Millis now);
  /// When the changes are to be applied: a little after the last of them, so that files which are
  /// written together are read together. 0: there is none.
  [[nodiscard]] Millis settles_at() const;
  /// Reads the folder again, and applies it. That it has gone is told, and changes nothing.
  [[nodiscard]] Result<> reload(const StateLayout& layout, Ownership& ownership);

 private:
  UpFolder(const CommandContext& context, std::string folder)
      : context_(context), folder_(std::move(folder)) {}
  [[nodiscard]] Result<> read();
  void leave_out(ApplyPlan& plan);

  const CommandContext& context_;
  std::string folder_;
  FlowFolder found_;
  std::optional<FolderWatch> watch_;
  std::function<Result<>(const std::string& ns, const std::string& id)> others_;
  std::set<std::string> told_missing_;
  std::set<std::string> told_left_;
  Millis first_change_ = 0;  // 0: none
  Millis last_change_ = 0;
};

}  // namespace cordyna::cli
