/// What links have said and nobody has looked at yet. Each caller is heard in turn, a piece at a
/// time, and no faster than is allowed: what one says without end waits by itself, where it may
/// fill nothing but its own connection.
///
/// Threads: one. Source: S36.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/leaky_bucket.hpp"
#include "base/time.hpp"
#include "network/network.hpp"
#include "protocol/envelope.hpp"

namespace cordyna::server {

/// A list of messages of one link, or that it has closed.
struct Said {
  network::LinkNo link = 0;
  std::optional<std::string> text{};       ///< nullopt: it has closed
  std::move_only_function<void()> done{};  ///< all of it was looked at; may be empty
};

class Hearing {
 public:
  using Listen =
      std::function<void(network::LinkNo link, const std::vector<protocol::ReadMessage>& piece)>;
  using Close = std::function<void(network::LinkNo link)>;

  /// Messages of one caller in a second, and a tenth of them at once after a silence; 0: no bound.
  explicit Hearing(std::uint32_t per_second) : per_second_(per_second) {}

  void say(const std::string& caller, Said said) {
    callers_[caller].said.push_back(std::move(said));
  }
  /// A piece of each caller that may speak now, then whatever its end asks for.
  void hear(Millis now, const Listen& listen, const Close& close);
  /// When to hear again; nullopt: nobody has said anything.
  [[nodiscard]] std::optional<Millis> next(Millis now) const;
  /// Links of which something waits.
  [[nodiscard]] std::vector<network::LinkNo> waiting() const;

 private:
  struct Caller {
    std::deque<Said> said{};
    std::optional<protocol::MessageReader> reader{};  ///< of the first one, once it was begun
    LeakyBucket bucket{};
  };
  /// From when on it is heard.
  [[nodiscard]] Millis free_at(const Caller& caller, Millis now) const;
  void hear_one(Caller& caller, Millis now, const Listen& listen, const Close& close);

  std::uint32_t per_second_;
  std::map<std::string, Caller> callers_;
};

}  // namespace cordyna::server
