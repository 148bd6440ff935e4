/// The inside of Network. Internal to this folder.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "network/network.hpp"

namespace cordyna::network {

inline constexpr std::uint32_t kSlotsMax = 10'000;
inline constexpr std::size_t kClassesMax = 64;
inline constexpr std::ptrdiff_t kServersMax = 1'000;  ///< of one team
inline constexpr Millis kReturnDelay = 1'000;     ///< of an attempt that a server rejects, at least
inline constexpr std::string_view kNoBoot = "-";  ///< of a server of level 0

struct Attempt {
  enum class Phase : std::uint8_t { kSent, kQueued, kStarted, kEnded };
  /// A message that gets its receipt when the attempt is saved so far.
  struct Owed {
    LinkNo link = 0;
    std::string id;
    AttemptState upto = AttemptState::kAcknowledged;
  };

  std::uint64_t no = 0;
  Invocation what;
  std::string name;
  std::string invoke_id{};
  std::string boot{};  ///< that it was sent to; empty: an owner before may have sent it
  std::size_t resends = 0;
  std::size_t bytes = 0;    ///< of its invoke
  std::size_t unheard = 0;  ///< of them, sent, and nothing was heard of it yet
  bool waits = false;  ///< to be sent: its server has too much before it that it has not heard of
  bool fenced = true;  ///< its messages give the fence back
  Phase phase = Phase::kSent;
  AttemptState saved = AttemptState::kDispatched;
  std::optional<CancelReason> cancel{};
  std::vector<Owed> owed{};
};

struct Link {
  Credential who;
  std::string address;
  bool http = false;
  bool greeted = false;  ///< its hello was taken; of HTTP: its ready
  ServerName server{};   ///< once greeted
  std::string session{};
  std::uint64_t seq = 0;  ///< sent
  Millis heard_at = 0;
  std::vector<std::string> receipts{};  ///< to be sent at the end of the step
};

using SlotCounts = std::map<std::string, std::uint32_t, std::less<>>;

struct Server {
  std::uint64_t no = 0;
  LinkNo link = 0;  ///< 0: none
  int level = 0;
  std::string boot{};        ///< of the present or last session
  std::string saved_boot{};  ///< as the rows have it
  bool resumed = false;      ///< what it has is known
  bool ready = false;
  bool draining = false;
  bool away = false;  ///< of level 0: it has not come for a while
  bool gone = false;
  std::string sdk{};
  std::string address{};
  std::string declaration_hash{};
  std::int64_t revision = 0;
  std::int64_t decided = 0;  ///< the greatest revision that was, in this session
  std::vector<std::string> tasks{};
  SlotCounts hello_slots{};
  SlotCounts more{};    ///< that it takes, as it said when it was ready
  SlotCounts rooms{};   ///< as cerebro was told
  SlotCounts wanted{};  ///< as they would be if its team had no bound
  Millis seen_at = 0;
  Millis since = 0;  ///< of its state
  std::uint32_t reconnects = 0;
  bool was_here = false;
  std::set<AttemptKey> attempts{};   ///< that are with it
  std::size_t unheard = 0;           ///< bytes of invokes of which nothing was heard yet
  std::deque<AttemptKey> waiting{};  ///< in line for them; some may wait no more
};

class Network::Impl {
 public:
  explicit Impl(NetworkSettings settings) : settings_(std::move(settings)) {}

  // attempts.cpp
  void start(Millis now, Invocation what, Output& out);
  void adopt(Millis now, Invocation what, bool heard, Output& out);
  void cancel(Millis now, Invocation what, CancelReason reason, Output& out);
  void committed(const std::vector<AttemptRow>& attempts, Output& out);
  void run_ended(RunNo run, Output& out);
  void lose_all(const ServerName& name, const std::string& why, Output& out);

  // sessions.cpp
  void know(Millis now, const ServerName& name, std::string boot);
  void open(Millis now, LinkNo no, Credential who, std::string address, bool http);
  void touch(Millis now, LinkNo no, const ServerName& name, Output& out);
  void closed(Millis now, LinkNo no, Output& out);
  void declared(Millis now, const Declaring& what, const std::vector<Rejection>& rejected,
                Output& out);
  void boot_saved(Millis now, const ServerName& name, const std::string& boot, Output& out);
  void leave(Millis now, Output& out);

  // receive.cpp
  void receive(Millis now, LinkNo no, std::span<const protocol::ReadMessage> messages, Output& out);
  void heard(Millis now, LinkNo no);

  // network.cpp
  void advance(Millis now, Output& out);
  [[nodiscard]] std::optional<Millis> next_timer() const;
  [[nodiscard]] std::vector<ServerStatus> servers() const;
  [[nodiscard]] std::size_t live_attempts() const { return attempts_.size(); }
  [[nodiscard]] bool is_here(const ServerName& name) const {
    const auto found = servers_.find(name);
    return found != servers_.end() && found->second.link != 0 && !found->second.away;
  }
  /// What the step owes: receipts.
  void finish(Millis now, Output& out);

 private:
  using Message = protocol::Message;
  using Kind = protocol::MessageKind;
  enum class TimerKind : std::uint8_t { kHello, kLease, kLost, kResend };
  struct Timer {
    Millis at = 0;
    TimerKind kind = TimerKind::kHello;
    std::uint64_t no = 0;  ///< of a link, a server, an attempt

    auto operator<=>(const Timer&) const = default;
  };

  [[nodiscard]] Millis reconnect_after() const {
    return settings_.reconnect_after ? settings_.reconnect_after() : 1000;
  }

  // attempts.cpp
  Attempt& add(Invocation what);
  void erase(const AttemptKey& key);
  void send_invoke(Millis now, Attempt& attempt, Output& out, bool is_next = false);
  [[nodiscard]] std::string invoke_data(const Attempt& attempt) const;
  [[nodiscard]] bool fits(const Server& server, std::size_t bytes) const {
    return server.unheard == 0 || server.unheard + bytes <= settings_.window;
  }
  /// Something was heard of it, or it is no more: the next ones may be sent.
  void release(Attempt& attempt);
  void send_waiting(Millis now, Output& out);
  void give_back_waiting(Server& server, const std::string& why, Output& out);
  void send_cancel(Millis now, const Attempt& attempt, Output& out);
  void end(Attempt& attempt, Outcome outcome, Output& out);
  void give_back(const AttemptKey& key, std::string why, Millis not_before, Output& out);
  void lose(Attempt& attempt, const std::string& why, Output& out);
  void owe(Attempt& attempt, LinkNo link, const std::string& id, AttemptState upto, Output& out);
  void pay(Attempt& attempt, AttemptState upto, Output& out);
  void receipt(LinkNo link, const std::string& id, Output& out);
  void resend(Millis now, std::uint64_t no, Output& out);

  // sessions.cpp
  Server& server_of(const ServerName& name);
  [[nodiscard]] bool takes_another(const ServerName& name) const;
  [[nodiscard]] static bool takes(const Server& server) {
    return server.ready && !server.draining && !server.away && server.saved_boot == server.boot &&
           server.link != 0;
  }
  void say(Millis now, LinkNo no, protocol::MessageKind kind, std::string_view data, Output& out,
           const std::string& subject = {}, const std::string& id = {});
  void goodbye(Millis now, LinkNo no, std::string_view code, std::string_view reason,
               std::optional<Millis> reconnect_after, Output& out);
  void part(Millis now, LinkNo no, Output& out);
  void set_rooms(const ServerName& name, Server& server, SlotCounts wanted, Output& out);
  void fit_team(const ServerName& name, const Server& server, SlotCounts& wanted);
  void close_rooms(const ServerName& name, Server& server, Output& out);
  void hello(Millis now, LinkNo no, const Message& message, Output& out);
  void declare(LinkNo no, const ServerName& name, std::int64_t revision, const Message& message,
               Output& out);
  void resume(Millis now, LinkNo no, Server& server, const Message& message, Output& out);
  void settle_unlisted(Server& server, const std::set<AttemptKey>& listed, bool lists, Output& out);
  void ready(Millis now, LinkNo no, const ServerName& name, Server& server, const Message& message,
             Output& out);
  void be_ready(Millis now, const ServerName& name, Server& server, const SlotCounts& more,
                Output& out);
  void draining(Millis now, const ServerName& name, Server& server, Output& out);

  // receive.cpp
  void handle(Millis now, LinkNo no, const Message& message, Output& out);
  void handle_session(Millis now, LinkNo no, const ServerName& name, const Message& message,
                      Output& out);
  void handle_attempt(Millis now, LinkNo no, const ServerName& name, const Message& message,
                      Output& out);
  void take_report(Millis now, LinkNo no, Attempt& attempt, const Message& message, Output& out);
  void take_end(Attempt& attempt, Kind kind, const shape::JsonBody& data, Output& out);
  void take_rejected(Attempt& attempt, const Message& message, Output& out);
  void unknown_attempt(Millis now, LinkNo no, const Message& message, Output& out);
  void problem(Millis now, LinkNo no, const std::string& of, std::string_view code,
               std::string_view text, bool fatal, Output& out);
  [[nodiscard]] bool fence_holds(const Server& server, const ServerName& name,
                                 const shape::JsonBody& data, std::string_view attempt) const;
  [[nodiscard]] std::string token_of(std::string_view attempt, std::int64_t epoch,
                                     const ServerName& name) const;
  void trace(const AttemptKey& key, const ServerName& name, bool sent, Kind kind,
             std::string detail, Output& out);

  NetworkSettings settings_;
  std::uint64_t numbers_ = 0;
  std::map<LinkNo, Link> links_;
  std::map<std::string, std::uint32_t> team_slots_;  ///< of all rooms of a team
  std::map<ServerName, Server> servers_;
  std::map<std::uint64_t, ServerName> server_numbers_;
  std::map<AttemptKey, Attempt> attempts_;
  std::map<std::string, AttemptKey, std::less<>> by_name_;
  std::map<std::uint64_t, AttemptKey> attempt_numbers_;
  std::set<Timer> timers_;
  std::set<ServerName> hungry_;  ///< may be sent what waits
  std::set<LinkNo> owing_;       ///< links with receipts to be sent
};

[[nodiscard]] SlotCounts slots_of(const shape::JsonBody& data);

}  // namespace cordyna::network
