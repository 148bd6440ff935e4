/// Gets runs done: as the owner of the state, or as a client of the one that owns it, whichever it
/// can be, until they have ended.
///
/// When the owner goes while a run of ours goes on, we try to become the owner and take it up.
/// Threads: one; starts those of cerebro, the view and the owner's socket.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/output.hpp"
#include "cli/owner_client.hpp"
#include "cli/owner_protocol.hpp"
#include "cli/parts.hpp"
#include "cli/renderer.hpp"
#include "cli/signals.hpp"
#include "cli/summary.hpp"
#include "cli/view.hpp"
#include "model/exit_codes.hpp"
#include "model/layout.hpp"
#include "service/flow_cache.hpp"

namespace cordyna::cli {

class Ownership;  // ownership.hpp

struct SessionSettings {
  std::uint32_t slots = 2;
  std::string state_option;  ///< " --state DIR" where it was given: for commands that are named
};

/// One run that is wanted, and how.
struct Work {
  OwnerRequest request;
  std::shared_ptr<const Flow> flow;  ///< null: its output is not shown
  std::int64_t after = 0;            ///< shown from here on
};

class Session {
 public:
  Session(const Parts& parts, StateLayout layout, SessionSettings settings, Signals& signals,
          Output& output, std::unique_ptr<Renderer> renderer);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Until all have ended, or somebody wants us to go: the exit code of the worst. Errors: the
  /// state cannot be used, or the work was refused.
  [[nodiscard]] Result<ExitCode> drive(std::vector<Work> work);

 private:
  enum class Next : std::uint8_t { kEnded, kTryAgain, kLeave };
  struct Item {
    Work work;
    RunNo no = 0;
    bool accepted = false;  // an owner has it in its state
    bool asked = false;     // an owner was asked; it may have gone before it answered
    std::unique_ptr<RunRow> ended;
  };
  struct Attended {
    Item* item;
    OwnerClient client;
  };

  Result<Next> attempt();
  Result<Next> own(std::unique_ptr<Store> store);
  Result<Next> attend();
  Result<std::vector<Attended>> ask_owner();
  Result<bool> take(Item& item, OwnerClient& client);
  Result<> hand_in(Item& item, Ownership& ownership);
  Result<> refused(Item& item, const Error& error);
  Result<bool> wait_as_owner(Ownership& ownership);
  bool interrupted(Ownership* ownership);
  void cancel_through_owner();
  Result<> note_end(Item& item);
  [[nodiscard]] bool all_ended() const;
  [[nodiscard]] std::unexpected<Error> stopped_at(Error error) const;
  void show(Item& item, bool whole);
  Result<std::vector<RunSummary>> summaries();
  void say_left();
  [[nodiscard]] ExitCode worst() const;

  const Parts& parts_;
  StateLayout layout_;
  SessionSettings settings_;
  Signals& signals_;
  FlowCache flows_;
  View view_;
  std::vector<Item> items_;
  int interrupts_ = 0;
  bool owner_goes_on_ = false;
  bool said_below_ = false;
};

}  // namespace cordyna::cli
