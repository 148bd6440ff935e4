/// Which task servers are there, and which attempt is with which of them: a pure state machine.
///
/// Calls go in, with the time; what is to be done comes out in an `Output`. It reads no clock, does
/// no I/O and starts no thread, so that a simulator can lose, repeat and reorder whatever goes
/// between it and its servers. What it forgets when cerebro ends, it learns again: attempts are
/// adopted from rows, servers say in `resume` what they have.
///
/// Rules that everything here follows:
/// - an attempt is sent to one boot of one server. It is sent again only to that boot, and only as
///   long as nothing of it has been heard; a boot that has it no more has lost it.
/// - what a server says counts only from the server that the attempt is with (S6), and from level 1
///   on only with the attempt's fence (S7).
/// - a receipt goes out after the commit of what it is for, never before.
/// Threads: none; one owner at a time. Source: docs/protocol.md,
/// docs/decisions/045-task-servers.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/value_check.hpp"
#include "model/attempt.hpp"
#include "model/task_server.hpp"
#include "network/names.hpp"
#include "protocol/declaration.hpp"
#include "protocol/envelope.hpp"

namespace cordyna::network {

/// A connection, or the mailbox of a server that speaks HTTP. Never used twice.
using LinkNo = std::uint64_t;

/// Who may speak over a link.
struct Credential {
  std::function<bool(std::string_view team)> allows;  ///< servers of which teams
  std::string server;  ///< only the server with this id; empty: any of the team
  std::string actor;   ///< as the audit names it
  std::string share;   ///< whose share of cerebro's time its messages take; empty: the actor's
};

/// An attempt, as a server is told of it.
struct Invocation {
  AttemptKey key;
  RunId run_id;
  ServerName server;
  std::string task;        ///< the id that the server knows
  std::string slot_class;  ///< kUsualSlots, or another
  std::string inputs;      ///< JSON object
  std::string upstream;    ///< JSON list
  std::string trigger;     ///< JSON object
  std::int64_t revision = 0;
  Timeouts timeouts;
  std::shared_ptr<const ValueCheck> output{};  ///< of what it gives; null: anything
};

struct Outgoing {
  LinkNo link = 0;
  std::string text;  ///< one message
};
struct Closing {
  LinkNo link = 0;
};
/// Messages of an HTTP server that are saved, or need not be.
struct Receipt {
  LinkNo link = 0;
  std::string id;
};
/// Lines that an attempt has printed.
struct LogLines {
  AttemptKey key;
  std::string stream;
  std::int64_t offset = 0;
  std::vector<std::string> lines;
};
struct Rejection {
  std::string task;
  std::string path;  ///< JSON pointer
  std::string code;
  std::string message;
};

/// Declarations that are to become flows; the answer comes by `Network::declared`.
struct Declaring {
  LinkNo link = 0;
  ServerName server;
  std::string actor;
  std::int64_t revision = 0;
  std::vector<protocol::Declaration> tasks;  ///< the good ones
  std::vector<Rejection> flawed{};           ///< and what is wrong with the others
  std::string message{};  ///< of an HTTP server: it has its receipt once this is done
};
/// One message about an attempt, between cerebro and a server.
struct Trace {
  AttemptKey key;
  ServerName server;
  bool sent = false;  ///< by cerebro
  std::string type;   ///< "task.started"
  std::string detail;
};

/// A server of which nothing is heard any more.
struct LostServer {
  ServerName server;
  Millis since = 0;          ///< nothing was heard
  std::size_t attempts = 0;  ///< that it had, and has lost
};

/// What a step wants done, each kind in order.
struct Output {
  std::vector<AttemptReport> reports{};
  std::vector<Outgoing> messages{};
  std::vector<Receipt> receipts{};
  std::vector<Closing> closings{};
  std::vector<LineRoom> rooms{};
  std::vector<Declaring> declarings{};
  std::vector<std::pair<ServerName, std::string>> boots{};  ///< to be saved; answer: `boot_saved`
  std::vector<LostServer> lost{};
  std::vector<ServerName> ready{};  ///< they take work
  std::vector<LogLines> logs{};
  std::vector<Trace> traces{};
};

enum class ServerState : std::uint8_t {
  kConnected,    ///< it is there, and not ready yet
  kReady,        ///< it takes work
  kDraining,     ///< it takes nothing new
  kUnreachable,  ///< nothing is heard of it; its attempts may go on
  kGone,         ///< it has left, or nothing was heard for so long that it has lost its attempts
};
[[nodiscard]] std::string_view to_string(ServerState state);

struct ServerStatus {
  ServerName name;
  ServerState state = ServerState::kGone;
  int level = 0;
  std::string sdk;      ///< "cordyna 0.1 (python)"
  std::string address;  ///< of its link
  Millis seen_at = 0;
  Millis since = 0;  ///< of the state
  std::uint32_t reconnects = 0;
  std::int64_t revision = 0;
  std::vector<std::string> tasks;                           ///< that it has declared
  std::map<std::string, std::uint32_t, std::less<>> slots;  ///< by class, in all
  std::vector<AttemptKey> in_flight;
};

struct NetworkSettings {
  Millis heartbeat = 10'000;
  Millis lease = 30'000;        ///< without a word: the link is closed
  Millis lost_after = 300'000;  ///< without a link: its attempts are lost
  Millis hello_wait = 10'000;
  Millis cancel_grace = 30'000;              ///< what servers are given to end an attempt
  std::vector<Millis> resend{2'000, 5'000};  ///< an invoke of which nothing is heard, after it
  /// Bytes of invokes of which a server has let nothing be heard: with more, it would be cut off
  /// for not reading though it reads well. One is sent in any case.
  std::size_t window = std::size_t{1} << 20;
  /// Attempts of one team at once, whatever its servers say that they take; 0: no bound.
  std::uint32_t team_slots = 0;
  std::int64_t epoch = 1;  ///< of cerebro: it grows with each owner
  /// A secret of this cluster over a text: what makes a fence's token. The same for the same text.
  std::function<std::string(std::string_view)> token;
  std::function<std::string(Millis)> make_id;  ///< of messages and sessions: another each time
  /// When a server that is sent away is to come again; another each time, so that not all come at
  /// once. Empty: after a second.
  std::function<Millis()> reconnect_after{};
};

class Network {
 public:
  explicit Network(NetworkSettings settings);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// A server that was known before, and the boot that it had.
  void know(Millis now, const ServerName& server, std::string boot);

  // Of cerebro.
  /// Hand it out. A server that takes nothing now gives it back at once.
  void start(Millis now, Invocation what, Output& out);
  /// An owner before may have handed it out. `heard`: the server had acknowledged it.
  void adopt(Millis now, Invocation what, bool heard, Output& out);
  /// End it. One that is not known here may be left from an owner before.
  void cancel(Millis now, Invocation what, CancelReason reason, Output& out);
  /// These rows are saved.
  void committed(Millis now, const std::vector<AttemptRow>& attempts, Output& out);
  /// Nothing of the run is left.
  void run_ended(Millis now, RunNo run, Output& out);

  // Of links.
  /// `http`: it has no session, and goes by whom its messages say they are of.
  void open(Millis now, LinkNo link, Credential who, std::string address, bool http);
  void receive(Millis now, LinkNo link, std::string_view text, Output& out);
  void receive(Millis now, LinkNo link, std::span<const protocol::ReadMessage> messages,
               Output& out);
  /// There is more of it that was not looked at yet: it lives.
  void heard(Millis now, LinkNo link);
  /// Whoever fetches messages by HTTP is there.
  void touch(Millis now, LinkNo link, const ServerName& server, Output& out);
  void closed(Millis now, LinkNo link, Output& out);
  /// What became of a Declaring.
  void declared(Millis now, const Declaring& what, const std::vector<Rejection>& rejected,
                Output& out);
  void boot_saved(Millis now, const ServerName& server, const std::string& boot, Output& out);
  /// Cerebro goes: says goodbye to all.
  void leave(Millis now, Output& out);

  /// What is due by time.
  void advance(Millis now, Output& out);
  [[nodiscard]] std::optional<Millis> next_timer() const;

  [[nodiscard]] std::vector<ServerStatus> servers() const;
  /// Whether it has a link.
  [[nodiscard]] bool is_here(const ServerName& server) const;
  [[nodiscard]] std::size_t live_attempts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::network
