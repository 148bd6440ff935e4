/// A task server of level 2, as the protocol wants it: what it keeps on its disk outlives it.
///
/// A model with virtual time, written from docs/protocol.md and not from any library for servers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "shape/json_body.hpp"
#include "sim/random.hpp"

namespace cordyna::sim {

/// What goes over a link.
struct Wire {
  std::string kind;  ///< "task.queued"
  std::string data;
  std::string id;
};

class TaskServer {
 public:
  /// What the world wants to know of it.
  struct Eyes {
    std::function<void(const std::string& attempt)> began;
    std::function<void(const std::string& attempt)> stopped;
    /// A receipt came for the end of the attempt, of this kind.
    std::function<void(const std::string& attempt, const std::string& kind)> paid;
  };

  TaskServer(std::string name, Random& random, Eyes eyes)
      : name_(std::move(name)), random_(random), eyes_(std::move(eyes)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool lives() const { return lives_; }
  [[nodiscard]] bool connected() const { return connected_; }

  /// A process begins, or dies with all that it runs.
  void boot();
  void die();
  /// A link is there: what it says first. Or it is cut.
  void connect();
  void cut() { connected_ = ready_ = false; }
  void drain();
  void receive(Millis now, std::string_view kind, const std::string& id,
               const shape::JsonBody& data);
  /// What is due: ends of attempts, repeats, heartbeats.
  void advance(Millis now);
  [[nodiscard]] Millis next(Millis never) const;
  /// What it says since the last call.
  [[nodiscard]] std::vector<Wire> take();
  /// It wants to go, and has nothing left to do.
  [[nodiscard]] bool has_drained() const {
    return draining_ && running_.empty() && outbox_.empty();
  }
  /// Nothing is kept that wants a receipt.
  [[nodiscard]] bool owes_nothing() const { return outbox_.empty(); }

 private:
  struct Running {
    std::string fence;
    bool started = false;
    Millis begins_at = 0;
    Millis ends_at = 0;
    std::string end;  ///< its kind
  };
  struct Kept {
    Wire wire;
    std::string attempt;
    Millis sent_at = 0;
  };

  void invoke(Millis now, const std::string& id, const shape::JsonBody& data);
  void cancel(const shape::JsonBody& data);
  void tell(std::string_view kind, const std::string& attempt, const std::string& fence,
            std::string_view more, bool keep);
  void forget(const std::string& attempt);
  void say_resume();
  void be_ready();

  std::string name_;
  Random& random_;
  Eyes eyes_;
  bool lives_ = false;
  bool connected_ = false;
  bool ready_ = false;
  bool draining_ = false;
  std::uint64_t boots_ = 0;
  std::uint64_t ids_ = 0;
  Millis heartbeat_at_ = 0;
  std::map<std::string, Running> running_;
  std::map<std::string, std::string> known_;  ///< attempts of this boot, by their last kind
  std::set<std::string> rejected_;            ///< ids of invokes
  std::vector<Kept> outbox_;                  ///< on its disk
  std::vector<Wire> said_;
};

}  // namespace cordyna::sim
