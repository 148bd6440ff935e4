/// Gets a backfill asked for and followed: as the owner of the state, or as a client of the one
/// that owns it, whichever it can be.
///
/// When the owner goes meanwhile, we try to become the owner and carry it on. Told to go, we go: it
/// stays as it is saved. Threads: one; starts those of cerebro, the view and the owner's socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "cli/backfill_watch.hpp"
#include "cli/commands.hpp"
#include "cli/owner_protocol.hpp"
#include "cli/unix_socket.hpp"
#include "cli/view.hpp"
#include "service/flow_cache.hpp"

namespace cordyna::cli {

class Ownership;  // ownership.hpp

class BackfillSession {
 public:
  BackfillSession(CommandContext& context, StateLayout layout, Signals& signals,
                  std::shared_ptr<const Flow> flow);

  /// Until all has ended, or, for kBackfillPause, until it is paused. Errors: the state cannot be
  /// used, or the request was refused.
  [[nodiscard]] CommandResult drive(OwnerRequest request);

 private:
  enum class Next : std::uint8_t { kEnded, kTryAgain, kLeave };

  Result<Next> attempt();
  Result<Next> own(std::unique_ptr<Store> store);
  Result<Next> attend();
  Result<> accepted(BackfillNo no);
  /// Whether there is nothing more to wait for.
  Result<bool> look();
  bool told_to_go();
  void say_left();

  CommandContext& context_;
  StateLayout layout_;
  Signals& signals_;
  std::shared_ptr<const Flow> flow_;
  FlowCache flows_;
  View view_;
  OwnerRequest request_;
  BackfillNo no_ = 0;
  std::unique_ptr<StoreReader> reader_;
  std::unique_ptr<BackfillWatch> watch_;
  bool owner_goes_on_ = false;
};

}  // namespace cordyna::cli
