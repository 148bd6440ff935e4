/// What one check has: a cerebro, the server under test, and the words to bring them to a point.
///
/// A step that fails notes what was seen and what would be right, and returns an error, which the
/// check hands on. Times are milliseconds. Threads: one at a time.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "conformance/cerebro.hpp"
#include "conformance/child.hpp"
#include "conformance/entry.hpp"
#include "conformance/finding.hpp"

namespace cordyna::conformance {

// How long a step may take before it counts as not done. Long, for only what is broken waits so.
inline constexpr Millis kStartWait = 20'000;     ///< from the start of the process to its hello
inline constexpr Millis kSoon = 6'000;           ///< for an answer
inline constexpr Millis kReconnectWait = 8'000;  ///< delays from 0.2 s, doubling, plus chance
inline constexpr Millis kResendWait = 9'000;     ///< it is sent again after 5 s
inline constexpr Millis kQuiet = 700;            ///< so long nothing comes: it does not come

struct Place {
  std::string command;  ///< with placeholders
  std::string team;
  std::string server;
  std::string token;
  const std::atomic<bool>* stop;  ///< may be null
  std::string folder;             ///< of this check alone; `state` in it is the server's
  std::string redis{};            ///< as Wishes has it
};

/// `{url}`, `{token}`, `{team}`, `{server}` and `{state}` replaced.
[[nodiscard]] std::string fill_command(std::string command, const std::string& url,
                                       const Place& place);

/// Where a connection breaks before the session has begun.
enum class Cut : std::uint8_t { kNowhere, kAfterHello, kAfterWelcome, kBeforeResumed };

/// How a session begins.
struct Greeting {
  bool want_declaration = true;
  double heartbeat_s = 1;
  double lease_s = 30;
  std::map<std::string, std::string> fates{};  ///< by attempt; of others: continue
  Millis hold_welcome = 0;                     ///< between hello and welcome
  Millis hold_resumed = 0;                     ///< between resume and resumed
  Cut cut = Cut::kNowhere;                     ///< then there is no `ready`
  std::string extra{};                         ///< more fields of welcome: `,"x":1`
};

struct Meeting {
  Entry hello;
  std::optional<Entry> declare;
  std::optional<Entry> resume;  ///< of level 2
  Entry ready;
};

class World {
 public:
  /// Borrows the place. Errors: those of Cerebro.
  [[nodiscard]] static Result<std::unique_ptr<World>> make(const Place& place);

  Cerebro& cerebro() { return *cerebro_; }
  Child& child() { return child_; }
  [[nodiscard]] std::string source() const;
  [[nodiscard]] std::string folder_file(std::string_view name) const;
  /// What the server has printed last.
  [[nodiscard]] std::string output_tail() const;

  /// Notes it (the first one counts), and gives the error to return.
  [[nodiscard]] std::unexpected<Error> broken(std::string seen, std::string right);
  [[nodiscard]] const std::optional<Finding>& finding() const { return finding_; }

  [[nodiscard]] Result<> start();
  /// The hello of the next connection.
  [[nodiscard]] Result<Entry> hello(Millis patience = kStartWait);
  /// From the next connection to ready.
  [[nodiscard]] Result<Meeting> meet(const Greeting& greeting = {}, Millis patience = kStartWait);
  /// start() and meet().
  [[nodiscard]] Result<Meeting> begin(const Greeting& greeting = {});
  /// The same again on a new connection, which has to come.
  [[nodiscard]] Result<Meeting> meet_again(const Greeting& greeting = {});

  /// Gives the attempt's name. `inputs`: JSON.
  std::string invoke(std::string_view task, const std::string& inputs);
  /// Not sent.
  [[nodiscard]] std::string invoke_text(std::string_view task, const std::string& inputs,
                                        std::string& attempt, std::string_view more = {});
  /// The same message, or another one for the same attempt, with these inputs if there are any.
  void invoke_again(const std::string& attempt);
  void invoke_anew(const std::string& attempt, const std::string& inputs = {});
  void cancel(const std::string& attempt, double grace_s = 1);
  void give_receipt(const std::string& id);
  /// Until further notice.
  void withhold_ends(bool withhold = true);

  /// The first message of the kind for the attempt from that entry on.
  [[nodiscard]] Result<Entry> expect(protocol::MessageKind kind, const std::string& attempt,
                                     std::string_view right, std::size_t from = 0,
                                     Millis patience = kSoon);
  /// The first of any of its ends, rejections included.
  [[nodiscard]] Result<Entry> expect_answer(const std::string& attempt, std::string_view right,
                                            Millis patience = kSoon);
  /// Nothing that matches comes within that time. It is what shows an absence.
  [[nodiscard]] Result<> expect_none(const Cerebro::Matches& matches, std::string_view right,
                                     std::size_t from, Millis patience = kQuiet);
  /// That it has said anything of the attempt again.
  [[nodiscard]] static Cerebro::Matches says_of(const std::string& attempt);
  /// A message of the kind that is of no attempt.
  [[nodiscard]] Result<Entry> expect_message(protocol::MessageKind kind, std::string_view right,
                                             std::size_t from, Millis patience = kSoon);
  /// The connection ends.
  [[nodiscard]] Result<Entry> expect_closed(std::string_view right, std::size_t from,
                                            Millis patience = kSoon);

  /// "task.queued, task.started": what came of it from that entry on.
  [[nodiscard]] std::string told_of(const std::string& attempt, std::size_t from = 0) const;
  /// How many lines the file has: how often `count` ran.
  [[nodiscard]] std::size_t lines_of(const std::string& file) const;
  [[nodiscard]] int level() const { return level_; }
  [[nodiscard]] std::size_t slots() const { return slots_; }
  [[nodiscard]] std::int64_t epoch() const { return epoch_; }
  void set_epoch(std::int64_t epoch) { epoch_ = epoch; }
  /// Runs something quick to its end: the session works.
  [[nodiscard]] Result<> echo_works(std::string_view after);

  /// As Cerebro::wait, but also nullopt as soon as the process has ended.
  [[nodiscard]] std::optional<Entry> wait_alive(Millis patience, const Cerebro::Matches& matches);
  [[nodiscard]] const std::optional<int>& exit_code() const { return exit_code_; }

 private:
  struct Invoked {
    std::string id;
    std::string task;
    std::string run;
    std::string inputs;
    std::string data;
    std::string fence;
  };

  explicit World(const Place& place) : place_(place) {}
  [[nodiscard]] std::string welcome_data(const Greeting& greeting);
  [[nodiscard]] static std::string resumed_data(const Entry& resume, const Greeting& greeting);
  [[nodiscard]] std::string invoke_data(const std::string& attempt, const Invoked& invoked,
                                        std::string_view more) const;

  const Place& place_;
  std::unique_ptr<Cerebro> cerebro_;
  Child child_;
  std::optional<Finding> finding_;
  std::optional<int> exit_code_;  // of a process that ended while it was waited for
  std::map<std::string, Invoked> invoked_;
  std::size_t met_ = 0;  // connections
  std::int64_t epoch_ = 7;
  std::int64_t revision_ = 1;
  int level_ = 0;
  std::size_t slots_ = 1;
};

}  // namespace cordyna::conformance
