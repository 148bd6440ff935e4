/// Gets a run done at a server, and shows it as a run here is shown.
///
/// As in a session here, the first Ctrl-C cancels the run, and the second leaves it to the server.
/// Threads: one; starts those of the view and of the follower.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "cli/renderer.hpp"
#include "cli/signals.hpp"
#include "cli/view.hpp"
#include "cli/wake_fd.hpp"
#include "client/api_client.hpp"
#include "model/exit_codes.hpp"

namespace cordyna::cli {

/// What is asked of the server, and of which run.
struct RemoteWork {
  client::Write write;  ///< answered with the run
  std::shared_ptr<const Flow> flow{};
  std::int64_t after = 0;  ///< shown from here on
  bool begins = false;     ///< it is a new run
};

/// Of a view of what happens at a server. `cancel_fd`: readable: its view asks for no more.
[[nodiscard]] ViewParts remote_view_parts(const CommandContext& context,
                                          const client::ApiClient& client, int cancel_fd);

/// The words that name the server in commands that are told: " --server prod"; empty where they go
/// there anyway.
[[nodiscard]] std::string server_words(const CommandContext& context);

class RemoteSession {
 public:
  RemoteSession(CommandContext& context, client::ApiClient client, Signals& signals,
                std::unique_ptr<Renderer> renderer);
  ~RemoteSession();
  RemoteSession(const RemoteSession&) = delete;
  RemoteSession& operator=(const RemoteSession&) = delete;

  /// Until the run has come to rest, or somebody wants us to go: its exit code. Errors: what the
  /// server refused; that it cannot be reached, also in the middle.
  [[nodiscard]] Result<ExitCode> drive(RemoteWork work);

 private:
  enum class Wish : std::uint8_t { kNone, kLeave };

  Result<FollowedRun> ask(const RemoteWork& work);
  Wish look_at_signals(RunNo run);
  Result<ExitCode> end(const FollowedRun& run);
  void say_left(RunNo run) const;

  CommandContext& context_;
  client::ApiClient client_;
  Signals& signals_;
  WakeFd leaving_;
  View view_;
  int interrupts_ = 0;
};

}  // namespace cordyna::cli
